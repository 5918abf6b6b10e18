// A card with a form that saves one part of the settings, with undo.
import { ask } from "../../shared/parts/ask.js"
import { Form } from "../../shared/parts/controls.js"
import { SaveBar, useDraft } from "../../shared/parts/drafts.js"
import { html } from "../../shared/parts/html.js"
import { say } from "../../shared/parts/overlays.js"

/** What a person typed or ticked, as a value. */
export function entered({ target }) {
	if (target.type === "checkbox") return target.checked
	return target.type === "number" ? target.valueAsNumber : target.value
}

/** `Fields` gets `value`, `change(name)` for handlers, `set(more)` and `errors(name)`. */
export function Settings({ title, help, value, path, reload, Fields }) {
	const [edited, set, isChanged, replace] = useDraft(value)
	const id = `part-${path.replace("/", "-")}`
	async function store(wanted) {
		await ask("PUT", path, wanted)
		replace(wanted)
		await reload()
	}
	async function submit() {
		const before = value
		await store(edited)
		say(`${title}: saved`, () => store(before))
	}
	const change = (name) => (event) => set({ [name]: entered(event) })
	return html`<section class="section" aria-labelledby=${id}><div class="head"><h2 id=${id}>${title}</h2><p>${help}</p></div>
		<div class="card"><${Form} class="pad form" submit=${submit}>${({ errors, busy }) => html`
			<${Fields} value=${edited} change=${change} set=${set} errors=${errors} />
			${isChanged && html`<${SaveBar} discard=${() => replace(value)} busy=${busy} />`}`}<//></div></section>`
}
