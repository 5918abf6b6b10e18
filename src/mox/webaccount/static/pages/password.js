// Changing the password: an own one, or one that the server makes.
import { ask } from "../../shared/parts/ask.js"
import { Button, Code, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Dialog, say } from "../../shared/parts/overlays.js"
import { randomText } from "./random.js"

export function ChangePassword({ account, close, done }) {
	const [made, setMade] = useState("")
	if (made) {
		return html`<${Dialog} title="Your new password" close=${close}><p class="muted">Keep it in a password manager: it is not shown again. All other browsers are signed out.</p>
			<${Code} text=${made} label="New password" /><div class="btns end"><${Button} kind="primary" act=${close}>I have kept it<//></div><//>`
	}
	return account.has_random_password_only
		? html`<${Generate} close=${close} done=${done} setMade=${setMade} />`
		: html`<${Choose} close=${close} done=${done} />`
}

function Choose({ close, done }) {
	const [text, setText] = useState("")
	const [isShown, setShown] = useState(false)
	const [again, setAgain] = useState("")
	const isDifferent = again && again !== text
	async function submit(form) {
		if (text !== again) throw Object.assign(new Error("The two are not the same."), { field: "again" })
		await ask("PUT", "account/password", { current_password: form.get("current_password"), password: text })
		await done()
		close()
		say("Password changed; all other browsers are signed out")
	}
	function suggest() {
		const random = randomText(16)
		setText(random)
		setAgain(random)
		setShown(true)
	}
	const kind = isShown ? "text" : "password"
	return html`<${Dialog} title="Change password" close=${close}><${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
		<${Field} label="Current password" name="current_password" type="password" autocomplete="current-password" autofocus error=${errors("current_password")} />
		<${Field} label="New password" name="password" type=${kind} autocomplete="new-password" value=${text} onInput=${(event) => setText(event.target.value)} error=${errors("password")}
			hint="Programs try passwords all day long: use a random one of at least 12 characters." />
		<${Field} label="New password, again" name="again" type=${kind} autocomplete="new-password" value=${again} onInput=${(event) => setAgain(event.target.value)}
			error=${errors("again") ?? (isDifferent ? "Not the same yet." : undefined)} />
		<div class="btns"><${Button} act=${suggest} icon="refresh">Suggest a random one<//><${Button} kind="quiet" icon="eye" aria-pressed=${isShown} act=${() => setShown(!isShown)}>${isShown ? "Hide" : "Show"}<//></div>
		<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Change password<//></div>`}<//><//>`
}

function Generate({ close, done, setMade }) {
	async function submit(form) {
		const { password } = await ask("POST", "account/password/generate", { current_password: form.get("current_password") })
		await done()
		setMade(password)
	}
	return html`<${Dialog} title="New password" close=${close}><p class="notice note"><${Icon} name="info" />Passwords of this account are made by the server.</p>
		<${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
			<${Field} label="Current password" name="current_password" type="password" autocomplete="current-password" autofocus error=${errors("current_password")} />
			<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Generate password<//></div>`}<//><//>`
}
