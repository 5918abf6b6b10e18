// Reading from the API for a part of a page: skeleton, content, error with another try.
import { ask } from "./ask.js"
import { Button } from "./controls.js"
import { html, useEffect, useRef, useState } from "./html.js"
import { Icon } from "./icons.js"

const PATIENCE_MS = 300

/** Return `{value, problem, reload, set}` of a path of the API; `reload` keeps what is shown until there is news. */
export function useAnswer(path) {
	const [state, setState] = useState({ value: undefined, problem: null })
	const alive = useRef(true)
	async function reload() {
		try {
			const value = await ask("GET", path)
			if (alive.current) setState({ value, problem: null })
		} catch (problem) {
			if (alive.current) setState((old) => ({ value: old.value, problem }))
		}
	}
	useEffect(() => { alive.current = true; reload(); return () => { alive.current = false } }, [path])
	const set = (value) => setState({ value, problem: null })
	return { ...state, reload, set }
}

/** Show what was read, or that it is being read, or why it could not be. */
export function Loaded({ of, lines = 3, children }) {
	const [isSlow, setSlow] = useState(false)
	useEffect(() => {
		const timer = setTimeout(() => setSlow(true), PATIENCE_MS)
		return () => clearTimeout(timer)
	}, [])
	if (of.problem && of.value === undefined) {
		return html`<div class="empty" role="alert"><span class="bad"><${Icon} name="bad" /></span><p>${of.problem.message}</p>
			<${Button} icon="refresh" act=${of.reload}>Try again<//></div>`
	}
	if (of.value !== undefined) return children(of.value)
	return html`<div class="pad" aria-busy="true" role="status"><span class="vh">Loading</span>
		${isSlow && Array.from({ length: lines }, (_, at) => html`<div class="skeleton" key=${at}></div>`)}</div>`
}
