// A password for a device.
import { ask } from "../../shared/parts/ask.js"
import { Button, Check, Code, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Dialog } from "../../shared/parts/overlays.js"

export function AddAppPassword({ close, done }) {
	const [made, setMade] = useState(null)
	async function submit(form) {
		const services = ["imap", "submission"].filter((each) => form.get(each))
		if (!services.length) throw new Error("Choose what it is for.")
		setMade(await ask("POST", "app-passwords", { name: form.get("name"), services }))
		await done()
	}
	if (made) {
		return html`<${Dialog} title=${`Password of ${made.app.name}`} close=${close}><p class="muted">Type it into the device now: it is not shown again.</p>
			<${Code} text=${made.password} label="App password" /><div class="btns end"><${Button} kind="primary" act=${close}>Done<//></div><//>`
	}
	return html`<${Dialog} title="New app password" close=${close}><${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
		<${Field} label="Device or program" name="name" placeholder="Printer in the hall" autocomplete="off" autofocus error=${errors("name")} maxlength="100" />
		<${Check} label="Read mail" hint="IMAP" name="imap" defaultChecked=${true} /><${Check} label="Send mail" hint="Submission" name="submission" defaultChecked=${true} />
		<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Make password<//></div>`}<//><//>`
}
