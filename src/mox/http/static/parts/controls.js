// Buttons, fields, switches: each knows its states.
import { html, useEffect, useId, useRef, useState } from "./html.js"
import { Icon } from "./icons.js"

/** A button that shows when it works on something; `act` may return a promise, and what it throws is the caller's. */
export function Button({ act, icon, label, kind = "", children, ...more }) {
	const [busy, setBusy] = useState(false)
	const alive = useRef(true)
	useEffect(() => () => { alive.current = false }, [])
	async function press(event) {
		if (busy || !act) return
		setBusy(true)
		try {
			await act(event)
		} finally {
			if (alive.current) setBusy(false)
		}
	}
	return html`<button type="button" class=${`btn ${kind}`} onClick=${press} aria-busy=${busy ? "true" : undefined}
		aria-label=${label} ...${more}>${icon && !busy && html`<${Icon} name=${icon} />`}${children}</button>`
}

/** A label, an input and a hint; an error replaces the hint. */
export function Field({ label, hint, error, children, ...input }) {
	const id = useId()
	const note = `${id}-note`
	const given = { id, class: "input", "aria-invalid": error ? "true" : undefined, "aria-describedby": hint || error ? note : undefined, ...input }
	return html`<div class="field">
		<label for=${id}>${label}</label>
		${children ? html`<select ...${given}>${children}</select>` : html`<input ...${given} />`}
		${error ? html`<span class="error" id=${note}>${error}</span>` : hint && html`<span class="hint" id=${note}>${hint}</span>`}
	</div>`
}

/** A switch or a check box with its label. */
export function Check({ label, hint, isSwitch, ...input }) {
	const id = useId()
	return html`<div class="check-row">
		<input type="checkbox" id=${id} class=${isSwitch ? "switch" : "check"} role=${isSwitch ? "switch" : undefined}
			aria-describedby=${hint ? `${id}-note` : undefined} ...${input} />
		<span><label for=${id}>${label}</label>${hint && html`<span class="sub block" id=${`${id}-note`}>${hint}</span>`}</span>
	</div>`
}

/** A form: one submit at a time, problems beside the fields they name, focus on the first. */
export function Form({ submit, children, ...more }) {
	const [state, setState] = useState({ busy: false, problem: null })
	const form = useRef()
	useEffect(() => {
		if (state.problem?.field) form.current?.querySelector('[aria-invalid="true"]')?.focus()
	}, [state.problem])
	async function send(event) {
		event.preventDefault()
		if (state.busy) return
		setState({ busy: true, problem: null })
		let problem = null
		try {
			await submit(new FormData(event.target), event.target)
		} catch (error) {
			problem = error
		}
		if (form.current) setState({ busy: false, problem })
	}
	const errors = (name) => (state.problem?.field === name ? state.problem.message : undefined)
	const general = state.problem && !form.current?.elements[state.problem.field] ? state.problem.message : ""
	return html`<form ref=${form} onSubmit=${send} noValidate ...${more}>
		${children({ errors, busy: state.busy ? "true" : undefined })}
		${general && html`<p class="notice bad" role="alert"><${Icon} name="bad" />${general}</p>`}
	</form>`
}

/** Text to copy, with the button that does it. */
export function Code({ text, label }) {
	const [copied, setCopied] = useState(false)
	async function copy() {
		await navigator.clipboard.writeText(text)
		setCopied(true)
		setTimeout(() => setCopied(false), 2000)
	}
	return html`<div class="code"><pre tabindex="0" aria-label=${label}>${text}</pre>
		<${Button} kind="small quiet" icon=${copied ? "check" : "copy"} act=${copy}>${copied ? "Copied" : "Copy"}<//></div>`
}
