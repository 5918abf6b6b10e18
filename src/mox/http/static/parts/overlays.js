// What appears above the page: toasts with undo, and dialogs.
import { html, signal, useEffect, useRef } from "./html.js"
import { Button } from "./controls.js"
import { Icon } from "./icons.js"

const toast = signal(null)
const SHOWN_MS = 6000

/** Say something for six seconds; with `undo`, offer to take it back. */
export function say(text, undo) {
	toast.value = { text, undo, at: Date.now() }
}

/** The place where toasts appear; once on a page. */
export function Toasts() {
	const timer = useRef(0)
	const shown = toast.value
	const forget = () => { toast.value = null }
	const hold = () => clearTimeout(timer.current)
	const wait = () => { hold(); timer.current = setTimeout(forget, SHOWN_MS) }
	useEffect(() => { if (shown) wait(); return hold }, [shown])
	async function undo() {
		forget()
		await shown.undo()
	}
	return html`<div role="status" aria-live="polite">${shown && html`<div class="toast" key=${shown.at} onMouseEnter=${hold}
		onMouseLeave=${wait} onFocusIn=${hold} onFocusOut=${wait}><span class="toast-text">${shown.text}</span>
		${shown.undo && html`<${Button} kind="quiet small" act=${undo}>Undo<//>`}
		<${Button} kind="quiet small only" label="Close" icon="x" act=${forget} /></div>`}</div>`
}

/** A modal dialog, open as long as it is there; `close` is told when a person wants it gone. */
export function Dialog({ title, close, children, wide }) {
	const box = useRef()
	useEffect(() => {
		const before = document.activeElement
		box.current.showModal()
		return () => { if (before?.isConnected) before.focus() }
	}, [])
	const cancel = (event) => { event.preventDefault(); close() }
	return html`<dialog class=${wide ? "dialog wide-dialog" : "dialog"} ref=${box} onCancel=${cancel} aria-label=${title}>
		<div class="btns"><h2 class="grow">${title}</h2><${Button} kind="quiet only small" label="Close" icon="x" act=${close} /></div>
		${children}</dialog>`
}

/** Ask before something that cannot come back; `safe` and `doIt` are the two buttons' words. */
export function Confirm({ title, text, safe, doIt, act, close }) {
	return html`<${Dialog} title=${title} close=${close}><p class="muted">${text}</p>
		<div class="btns end"><${Button} autofocus act=${close}>${safe}<//><${Button} kind="fill danger" act=${act}>${doIt}<//></div><//>`
}

export function Empty({ icon, text, children }) {
	return html`<div class="empty"><${Icon} name=${icon} /><p>${text}</p>${children}</div>`
}
