// The TLS keys of the account.
import { ask } from "../../shared/parts/ask.js"
import { Button, Check, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Dialog, Empty, say } from "../../shared/parts/overlays.js"
import { age, moment } from "../../shared/parts/words.js"

export const PREAUTH_HINT = "For programs that do not understand to be signed in as soon as they connect, and sign in anyway."
const TYPES = { "ecdsa-p256": "ECDSA P-256", "ecdsa-p384": "ECDSA P-384", "ecdsa-p521": "ECDSA P-521", ed25519: "Ed25519" }
const typeName = (type) => TYPES[type] ?? type.replace("rsa-", "RSA ")

export function KeyTable({ keys, reload, edit }) {
	if (!keys.length) return html`<${Empty} icon="key" text="No TLS keys yet. Make one here, or add the certificate of one that you have." />`
	const change = (key, more) => ask("PUT", `tls-keys/${key.fingerprint}`, { name: key.name, address: key.address, no_imap_preauth: key.no_imap_preauth, ...more })
	const toggle = (key) => async (event) => {
		const wanted = !event.target.checked
		await change(key, { no_imap_preauth: wanted })
		await reload()
		say(wanted ? `${key.name} signs in by itself now` : `${key.name} is signed in from the start now`, async () => { await change(key, {}); await reload() })
	}
	const remove = (key) => async () => {
		await ask("DELETE", `tls-keys/${key.fingerprint}`)
		await reload()
		const again = { certificate: key.certificate, address: key.address, name: key.name, no_imap_preauth: key.no_imap_preauth }
		say(`The key of ${key.name} is removed`, async () => { await ask("POST", "tls-keys", again); await reload() })
	}
	return html`<div class="table-box" tabindex="0" role="region" aria-label="Table of TLS keys"><table class="table">
		<caption class="vh">TLS keys that can sign in to this account</caption>
		<thead><tr><th scope="col">Name</th><th scope="col" class="c2">Signs in as</th><th scope="col" class="c3">Type</th><th scope="col" class="c3">Fingerprint</th><th scope="col" class="c2">Last used</th><th scope="col">From the start</th><th scope="col"><span class="vh">Actions</span></th></tr></thead>
		<tbody>${keys.map((key) => html`<tr key=${key.fingerprint}><th scope="row" class="any"><${Icon} name="key" small /> ${key.name}</th><td class="c2 any">${key.address}</td><td class="c3 nowrap">${typeName(key.type)}</td>
			<td class="c3 mono" title=${key.fingerprint}>${key.fingerprint.slice(0, 6)}…${key.fingerprint.slice(-4)}</td>
			<td class="c2 nowrap">${key.last_used_at ? html`<time datetime=${key.last_used_at} title=${moment(key.last_used_at)}>${age(key.last_used_at)}</time>` : html`<span class="muted">never</span>`}</td>
			<td><input class="switch" type="checkbox" role="switch" checked=${!key.no_imap_preauth} onChange=${toggle(key)} aria-label=${`${key.name}: IMAP connections are signed in from the start`} /></td>
			<td class="num"><div class="btns end"><${Button} kind="quiet only small" icon="pencil" label=${`Change ${key.name}`} act=${() => edit(key)} /><${Button} kind="quiet only small" icon="trash" label=${`Remove ${key.name}`} act=${remove(key)} /></div></td></tr>`)}</tbody></table></div>`
}

export function EditKey({ edited, addresses, close, done }) {
	async function submit(form) {
		await ask("PUT", `tls-keys/${edited.fingerprint}`, { name: form.get("name"), address: form.get("address"), no_imap_preauth: form.get("preauth") === null })
		await done()
		close()
		say("Key changed")
	}
	const choices = addresses.includes(edited.address) ? addresses : [edited.address, ...addresses]
	return html`<${Dialog} title=${`Key of ${edited.name}`} close=${close}><${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
		<${Field} label="Name" name="name" defaultValue=${edited.name} autofocus error=${errors("name")} maxlength="200" />
		<${Field} label="Signs in as" name="address" error=${errors("address")}>${choices.map((each) => html`<option key=${each} selected=${each === edited.address}>${each}</option>`)}<//>
		<${Check} label="Signed in from the start" name="preauth" defaultChecked=${!edited.no_imap_preauth} hint=${`IMAP connections begin signed in. Switch off ${PREAUTH_HINT[0].toLowerCase()}${PREAUTH_HINT.slice(1)}`} />
		<dl class="kv"><dt>Type</dt><dd>${typeName(edited.type)}</dd><dt>Fingerprint</dt><dd class="mono">${edited.fingerprint}</dd><dt>Added</dt><dd>${moment(edited.created_at)}</dd></dl>
		<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Save<//></div>`}<//><//>`
}
