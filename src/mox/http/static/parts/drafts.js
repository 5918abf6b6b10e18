// Forms that differ from what is stored: said below them, and asked about before they are left.
import { Button } from "./controls.js"
import { html, useEffect, useState } from "./html.js"

const changed = new Set()

addEventListener("beforeunload", (event) => { if (changed.size) event.preventDefault() })

/** Whether some form on the page is not saved. */
export const hasDrafts = () => changed.size > 0

/** Keep an edited copy of a value: `[edited, set, isChanged]`; `set` takes what changes. */
export function useDraft(value) {
	const [edited, setEdited] = useState(value)
	const isChanged = JSON.stringify(edited) !== JSON.stringify(value)
	useEffect(() => {
		if (!isChanged) return undefined
		const mine = {}
		changed.add(mine)
		return () => { changed.delete(mine) }
	}, [isChanged])
	return [edited, (more) => setEdited((old) => ({ ...old, ...more })), isChanged, setEdited]
}

/** The bar below a form that is not saved. */
export const SaveBar = ({ discard, busy }) => html`<div class="btns save-bar"><span class="muted small grow">Unsaved changes</span>
	<${Button} act=${discard}>Discard<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Save<//></div>`
