// The way in.
import { signIn } from "../shared/parts/ask.js"
import { Button, Field, Form } from "../shared/parts/controls.js"
import { html } from "../shared/parts/html.js"
import { Icon } from "../shared/parts/icons.js"

export function SignIn() {
	const submit = (form) => signIn(form.get("username").trim(), form.get("password"))
	return html`<main class="entry">
		<div class="brand"><${Icon} name="brand" /><span>mox <small>Account</small></span></div>
		<div class="card"><${Form} class="pad form" submit=${submit}>${({ errors, busy }) => html`
			<h1>Sign in</h1>
			<${Field} label="Email address" name="username" type="email" autocomplete="username" autofocus required error=${errors("username")} />
			<${Field} label="Password" name="password" type="password" autocomplete="current-password" required error=${errors("password")}
				hint="Your own password, not one of a device." />
			<${Button} type="submit" kind="primary wide-btn" aria-busy=${busy}>Sign in<//>`}<//></div>
		<p class="sub entry-note">To look after your mail account: password, devices, filters.</p></main>`
}
