// Bringing mail along from somewhere else, and taking it out again.
import { session } from "../../shared/parts/ask.js"
import { Button, Check, Field, Form } from "../../shared/parts/controls.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { useAnswer } from "../../shared/parts/loading.js"
import { plural } from "../../shared/parts/words.js"
import { ImportCard } from "../importcard.js"
import { current, isRunning, upload } from "../imports.js"

export function Moving() {
	return html`<div class="head"><h1>Import and export</h1><p>Bring your mail along from another server or program, and take it out again at any time.</p></div>
		<${ImportCard} />
		<${Bring} />
		<${Take} />`
}

function Bring() {
	const [name, setName] = useState("")
	const locked = isRunning()
	async function submit(form, element) {
		const file = form.get("file")
		if (!file?.name) throw Object.assign(new Error("Choose a file."), { field: "file" })
		await upload(file, { skip_prefix: form.get("skip_prefix").trim(), mailbox: form.get("mailbox").trim(), skip_present: form.get("skip_present") ? "1" : "" })
		if (current.value) { element.reset(); setName("") }
	}
	return html`<section class="section" aria-labelledby="bring"><div class="head"><h2 id="bring">Bring mail along</h2>
			<p>From a .zip, .tgz, .tar or .tar.zst with Maildirs, mbox files or .eml files, such as Google Takeout makes it, or from a single .mbox or .eml file. All of it comes, or nothing.</p></div>
		<div class="card"><${Form} class="pad form" submit=${submit}>${({ errors, busy }) => html`
			<fieldset class="plain form" disabled=${locked}>
				<${Field} label="File" name="file" type="file" accept=".zip,.tgz,.tar,.gz,.zst,.mbox,.eml,application/zip,application/gzip,application/x-tar"
					onChange=${(event) => setName(event.target.files[0]?.name ?? "")} error=${errors("file")}
					hint=${name ? "" : "Flags come along: from names of Maildir files and dovecot-keywords, from Status and X-Keywords in mbox files, from labels of Google Takeout."} />
				<div class="fields">
					<${Field} label="Leave out of names" name="skip_prefix" autocomplete="off" spellcheck="false" placeholder="Takeout/Mail" maxlength="500" error=${errors("skip_prefix")}
						hint="Cut from the beginning of names in the archive: with Maildir here, Maildir/Lists becomes Lists. A folder .Sent.2020, as Dovecot has them, becomes Sent/2020 by itself." />
					<${Field} label="Put it below" name="mailbox" autocomplete="off" spellcheck="false" placeholder="Old mail" maxlength="500" error=${errors("mailbox")}
						hint="A mailbox that holds all others. Empty: mailboxes are where the archive has them, and mail joins those you have." />
				</div>
				<${Check} name="skip_present" label="Leave out messages that I have already" hint="Compared by Message-ID and content. Without it, importing twice gives everything twice." />
			</fieldset>
			${locked && html`<p class="muted small" id="locked">An import is running. The next one can begin when it has ended.</p>`}
			<div class="btns"><${Button} type="submit" kind="primary" icon="upload" aria-busy=${busy} disabled=${locked} aria-describedby=${locked ? "locked" : undefined}>Upload and import<//></div>
			<p class="muted small">The junk filter learns from what comes: from junk flags, and where there are none, from names of mailboxes as you set it in <a href="#/filtering">Filtering</a>.</p>`}<//></div></section>`
}

const FORMATS = [["maildir", "Maildir", "A file for each message, with all flags"], ["mbox", "mbox", "A file for each mailbox"]]
const PACKINGS = [["tgz", ".tgz", ""], ["zip", ".zip", ""], ["tar", ".tar", "not compressed"]]

/** A form that a browser sends itself, so that it saves the answer as it comes, however large that is. */
function Take() {
	const boxes = useAnswer("mailboxes")
	const [mailbox, setMailbox] = useState("")
	const [format, setFormat] = useState("maildir")
	const [archive, setArchive] = useState("tgz")
	const [below, setBelow] = useState(true)
	const mayBePlain = format === "mbox" && mailbox && !below
	const packings = mayBePlain ? [...PACKINGS, ["none", "none", "the .mbox file itself"]] : PACKINGS
	const packed = packings.some(([value]) => value === archive) ? archive : "tgz"
	return html`<section class="section" aria-labelledby="take"><div class="head"><h2 id="take">Take mail along</h2>
			<p>A file with your mail, which other servers and programs understand, and this page as well.</p></div>
		<div class="card"><form class="pad form" method="post" action="export">
			<input type="hidden" name="csrf" value=${session.value.csrf} />
			<div class="fields"><${Field} label="Mailbox" name="mailbox" value=${mailbox} onChange=${(event) => setMailbox(event.target.value)} hint=${boxes.problem ? boxes.problem.message : ""}>
				<option value="">All mailboxes${boxes.value ? ` (${plural(boxes.value.reduce((all, each) => all + each.messages, 0), "message")})` : ""}</option>
				${(boxes.value ?? []).map((each) => html`<option key=${each.name} value=${each.name}>${each.name} (${plural(each.messages, "message")})</option>`)}<//></div>
			${mailbox && html`<${Check} name="recursive" value="1" label="With the mailboxes below it" checked=${below} onChange=${(event) => setBelow(event.target.checked)} />`}
			<${Choice} title="Format" name="format" of=${FORMATS} chosen=${format} choose=${setFormat} />
			<${Choice} title="Archive" name="archive" of=${packings} chosen=${packed} choose=${setArchive} />
			<div class="btns"><button type="submit" class="btn"><${Icon} name="download" />Export</button></div>
		</form></div></section>`
}

const Choice = ({ title, name, of, chosen, choose }) => html`<fieldset class="plain"><legend class="small">${title}</legend><div class="choices">${of.map(([value, label, hint]) => html`<label class="check-row" key=${value}>
	<input type="radio" class="check" name=${name} value=${value} checked=${value === chosen} onChange=${() => choose(value)} /><span>${label}${hint && html`<span class="sub block">${hint}</span>`}</span></label>`)}</div></fieldset>`
