// Making a key in the browser: the private half goes into a file for the device, and nowhere else.
import { ask } from "../../shared/parts/ask.js"
import { Button, Code, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Dialog } from "../../shared/parts/overlays.js"
import { canMakeKeys, makeCertificate, makeKeyPair, toPem } from "../keys/certificate.js"
import { makePkcs12 } from "../keys/pkcs12.js"
import { commands } from "./addkey.js"
import { randomText } from "./random.js"

const LEAST_CHARACTERS = 8

function download(name, octets) {
	const link = document.createElement("a")
	link.href = URL.createObjectURL(new Blob([octets], { type: "application/x-pkcs12" }))
	link.download = name
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

const fileName = (name) => `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-") || "key"}.p12`

export function MakeKey({ addresses, close, done }) {
	const [made, setMade] = useState(null)
	const [passphrase, setPassphrase] = useState(() => (canMakeKeys() ? randomText(16) : ""))
	async function submit(form) {
		const name = form.get("name").trim()
		if (!name) throw Object.assign(new Error("Give it a name, to know it again."), { field: "name" })
		if (passphrase.length < LEAST_CHARACTERS) throw Object.assign(new Error(`Use at least ${LEAST_CHARACTERS} characters.`), { field: "passphrase" })
		const pair = await makeKeyPair()
		const certificate = await makeCertificate(pair, name)
		const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey))
		const file = { name: fileName(name), octets: await makePkcs12({ pkcs8, certificate, name, passphrase }) }
		const key = await ask("POST", "tls-keys", { certificate: toPem(certificate), address: form.get("address"), name })
		download(file.name, file.octets)
		setMade({ key, file })
		await done()
	}
	if (!canMakeKeys()) {
		return html`<${Dialog} title="Make a key" close=${close} wide><p class="notice warn"><${Icon} name="warn" /><span class="grow">Browsers make keys only on pages with TLS. Open this page with https, or make the key with openssl.</span></p>
			<${Code} text=${commands("laptop-mail")} label="Commands" /><//>`
	}
	return made
		? html`<${Made} made=${made} passphrase=${passphrase} close=${close} />`
		: html`<${Dialog} title="Make a key" close=${close} wide><p class="muted">A key and a certificate are made in this browser and saved as a .p12 file, for your mail app or device. The private key does not leave the file; this server gets the certificate only.</p>
			<${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
				<div class="fields"><${Field} label="Name" name="name" placeholder="Phone" autocomplete="off" autofocus hint="For example the device and app." error=${errors("name")} maxlength="60" />
				<${Field} label="Signs in as" name="address" error=${errors("address")}>${addresses.map((each) => html`<option key=${each}>${each}</option>`)}<//></div>
				<${Field} label="Passphrase of the file" name="passphrase" class="input mono" autocomplete="off" spellcheck="false" value=${passphrase} onInput=${(event) => setPassphrase(event.target.value)} error=${errors("passphrase")}
					hint="The device asks for it once. Whoever has the file and the passphrase can sign in." />
				<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" icon="download" aria-busy=${busy}>Make key<//></div>`}<//><//>`
}

function Made({ made, passphrase, close }) {
	return html`<${Dialog} title=${`The key of ${made.key.name} can sign in`} close=${close} wide>
		<p class="notice ok" role="status"><${Icon} name="ok" /><span class="grow any"><b>${made.file.name}</b> is with your downloads.</span><${Button} kind="small" icon="download" act=${() => download(made.file.name, made.file.octets)}>Save again<//></p>
		<ol class="steps"><li><${Icon} name="right" small />Bring the file to the device and open it there.</li><li><${Icon} name="right" small />Give the passphrase when it is asked for:</li></ol>
		<${Code} text=${passphrase} label="Passphrase" />
		<p class="sub">Sealed with AES-256 (PBES2) and HMAC-SHA-256. Older systems, of Apple for one, may say that the passphrase is wrong; for them, bring the file into the old form on a computer:</p>
		<${Code} text=${`openssl pkcs12 -in ${made.file.name} -nodes | openssl pkcs12 -export -legacy -out old-${made.file.name}`} label="Command for old systems" />
		<div class="btns end"><${Button} kind="primary" act=${close}>Done<//></div><//>`
}
