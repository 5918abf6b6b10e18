// How one signs in: password, keys, passwords of devices, browsers.
import { ask, session } from "../../shared/parts/ask.js"
import { Button } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Confirm, Empty, say } from "../../shared/parts/overlays.js"
import { age, browserName, moment } from "../../shared/parts/words.js"
import { AddAppPassword } from "./apppasswords.js"
import { AddKey } from "./addkey.js"
import { EditKey, KeyTable } from "./keytable.js"
import { MakeKey } from "./makekey.js"
import { ChangePassword } from "./password.js"
import { DeviceSetup } from "./devicesetup.js"

export function Devices() {
	const account = useAnswer("account")
	const keys = useAnswer("tls-keys")
	const apps = useAnswer("app-passwords")
	const sessions = useAnswer("sessions")
	const [open, setOpen] = useState(null)
	const close = () => setOpen(null)
	const addresses = (account.value?.addresses ?? []).filter((each) => !each.is_catchall).map((each) => each.address)
	const dialogs = {
		password: () => html`<${ChangePassword} account=${account.value} close=${close} done=${sessions.reload} />`,
		add: () => html`<${AddKey} addresses=${addresses} close=${close} done=${keys.reload} />`,
		make: () => html`<${MakeKey} addresses=${addresses} close=${close} done=${keys.reload} />`,
		app: () => html`<${AddAppPassword} close=${close} done=${apps.reload} />`,
		everywhere: () => html`<${Confirm} title="Sign out everywhere?" text="All browsers are signed out, this one included. Mail programs stay as they are."
			safe="Stay signed in" doIt="Sign out everywhere" close=${close} act=${async () => { await ask("POST", "logout-everywhere"); session.value = null }} />`,
	}
	return html`<div class="head"><h1>Sign-in and devices</h1><p>What opens this account, and what has opened it.</p></div>
		<section class="section" aria-labelledby="password"><div class="head"><h2 id="password">Password</h2></div>
			<div class="card"><div class="pad"><div class="btns between"><p class="muted small grow">Changing it signs all other browsers out. Devices with a TLS key or an app password go on.</p>
				<${Button} act=${() => setOpen("password")} disabled=${!account.value}>Change password<//></div></div></div></section>
		<section class="section" aria-labelledby="keys"><div class="head"><h2 id="keys">TLS keys</h2>
			<div class="btns push"><${Button} act=${() => setOpen("add")} disabled=${!account.value}>Add a certificate<//><${Button} kind="primary" icon="key" act=${() => setOpen("make")} disabled=${!account.value}>Make a key<//></div>
			<p>A key in your mail app replaces the password. Only its public half is stored here; name and expiry of the certificate are not looked at.</p></div>
			<div class="card"><${Loaded} of=${keys}>${(told) => html`<${KeyTable} keys=${told} reload=${keys.reload} edit=${(key) => setOpen({ key })} />`}<//></div></section>
		<section class="section" aria-labelledby="apps"><div class="head"><h2 id="apps">App passwords</h2><div class="btns push"><${Button} icon="plus" act=${() => setOpen("app")}>New app password<//></div>
			<p>One for each device or program that knows no TLS keys. It reads and sends mail, and does not open these pages.</p></div>
			<div class="card"><${Loaded} of=${apps}>${(told) => html`<${AppRows} apps=${told} reload=${apps.reload} />`}<//></div></section>
		<${DeviceSetup} />
		<section class="section" aria-labelledby="sessions"><div class="head"><h2 id="sessions">Browsers</h2><div class="btns push"><${Button} kind="danger" act=${() => setOpen("everywhere")}>Sign out everywhere<//></div>
			<p>Signed in to these pages or webmail. A browser that is not used for a day is signed out.</p></div>
			<div class="card"><${Loaded} of=${sessions}>${(told) => html`<${SessionRows} sessions=${told} reload=${sessions.reload} />`}<//></div></section>
		${typeof open === "string" && dialogs[open]()}
		${open?.key && html`<${EditKey} edited=${open.key} addresses=${addresses} close=${close} done=${keys.reload} />`}`
}

const SERVICES = { imap: "reads mail", submission: "sends mail" }

function AppRows({ apps, reload }) {
	const [asked, setAsked] = useState(null)
	if (!apps.length) return html`<${Empty} icon="phone" text="No app passwords." />`
	async function remove() {
		await ask("DELETE", `app-passwords/${asked.id}`)
		say(`The password of ${asked.name} is removed`)
		setAsked(null)
		await reload()
	}
	return html`<ul class="rows" role="list">${apps.map((each) => html`<li key=${each.id}><${Icon} name="phone" /><span class="grow any"><b>${each.name}</b><br />
			<span class="sub">${each.services.map((service) => SERVICES[service] ?? service).join(", ")} · ${each.last_used_at ? `used ${age(each.last_used_at)}` : "never used"}</span></span>
			<${Button} kind="small" label=${`Remove ${each.name}`} act=${() => setAsked(each)}>Remove<//></li>`)}</ul>
		${asked && html`<${Confirm} title=${`Remove the password of ${asked.name}?`} text="It cannot be brought back: the device has to be given a new one." safe="Keep it" doIt="Remove" act=${remove} close=${() => setAsked(null)} />`}`
}

function SessionRows({ sessions, reload }) {
	const end = (each) => async () => {
		await ask("DELETE", `sessions/${each.id}`)
		await reload()
		say(`${browserName(each.user_agent)} is signed out`)
	}
	return html`<ul class="rows" role="list">${sessions.map((each) => html`<li key=${each.id}><${Icon} name=${/Mobile|Android|iPhone/.test(each.user_agent) ? "phone" : "laptop"} />
		<span class="grow any"><b>${browserName(each.user_agent)}</b>${each.is_current && html` <span class="badge note">this browser</span>`}<br />
		<span class="sub">${each.remote_ip} · as ${each.address} · <time datetime=${each.used_at} title=${moment(each.used_at)}>${each.is_current ? "now" : age(each.used_at)}</time></span></span>
		${!each.is_current && html`<${Button} kind="small" label=${`Sign out ${browserName(each.user_agent)}`} act=${end(each)}>Sign out<//>`}</li>`)}</ul>`
}
