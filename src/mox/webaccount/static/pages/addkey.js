// Adding the certificate of a key that a person has: a file in PEM or DER, read here.
import { ask, Problem } from "../../shared/parts/ask.js"
import { Button, Check, Code, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Dialog, say } from "../../shared/parts/overlays.js"
import { toPem } from "../keys/certificate.js"

const MOST_OCTETS = 20_000
const wrong = (detail) => new Problem({ status: 0, code: "wrong-file", detail, field: "certificate" })

/** Return a file's certificate in PEM; a private key is not sent anywhere. */
export async function certificateOf(file) {
	if (!file || !file.size) throw wrong("Choose the file with the certificate.")
	if (file.size > MOST_OCTETS) throw wrong("That file is too large for a certificate.")
	const octets = new Uint8Array(await file.arrayBuffer())
	if (octets[0] === 0x30) return toPem(octets)
	const text = new TextDecoder().decode(octets)
	if (text.includes("PRIVATE KEY")) throw wrong("That file holds a private key. Choose the file ending in cert.pem; the private key stays on your device.")
	if (!text.includes("BEGIN CERTIFICATE")) throw wrong("There is no certificate in that file.")
	return text.trim()
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** The commands that make a key, a certificate and a .p12 with openssl. */
export const commands = (name) => `export keyname=${quoted(name)} passphrase='a long sentence'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -config /dev/null \\
  -subj "/CN=$keyname" -days 36500 -passout env:passphrase \\
  -keyout "$keyname.p256.key.pem" -out "$keyname.p256.cert.pem"
openssl pkcs12 -export -name "$keyname" -passin env:passphrase -passout env:passphrase \\
  -inkey "$keyname.p256.key.pem" -in "$keyname.p256.cert.pem" -out "$keyname.p256.p12"
# If a device does not take the .p12: the last command once more, with -legacy.`

export function AddKey({ addresses, close, done }) {
	const [name, setName] = useState("")
	async function submit(form) {
		const certificate = await certificateOf(form.get("certificate"))
		const key = await ask("POST", "tls-keys", { certificate, address: form.get("address"), name: name.trim(), no_imap_preauth: form.get("preauth") === null })
		await done()
		close()
		say(`${key.name} can sign in now`)
	}
	return html`<${Dialog} title="Add a certificate" close=${close} wide><${Form} class="form" submit=${submit}>${({ errors, busy }) => html`
		<div class="fields"><${Field} label="Signs in as" name="address" error=${errors("address")}>${addresses.map((each) => html`<option key=${each}>${each}</option>`)}<//>
		<${Field} label="Name" name="name" placeholder="From the certificate" autocomplete="off" value=${name} onInput=${(event) => setName(event.target.value)} hint="For example the device and app." error=${errors("name")} maxlength="200" /></div>
		<${Field} label="Certificate" name="certificate" type="file" accept=".pem,.crt,.cer,.der" hint="PEM or DER. Never the private key." error=${errors("certificate")} />
		<${Check} label="Signed in from the start" name="preauth" defaultChecked=${true} hint="IMAP connections begin signed in. Switch off for programs that sign in anyway." />
		<div class="btns end"><${Button} act=${close}>Cancel<//><${Button} type="submit" kind="primary" aria-busy=${busy}>Add key<//></div>`}<//>
		<details><summary>No key yet? Make one with openssl</summary><${Code} text=${commands(name.trim() || "laptop-mail")} label="Commands" /></details><//>`
}
