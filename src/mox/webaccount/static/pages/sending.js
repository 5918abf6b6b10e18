// Addresses that nothing is sent to any more.
import { ask } from "../../shared/parts/ask.js"
import { Button, Field, Form } from "../../shared/parts/controls.js"
import { html } from "../../shared/parts/html.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Empty, say } from "../../shared/parts/overlays.js"
import { SentMail } from "./unique.js"
import { age, moment } from "../../shared/parts/words.js"

export function Sending() {
	const list = useAnswer("suppressions")
	async function add(form, element) {
		const added = await ask("POST", "suppressions", { address: form.get("address").trim(), reason: form.get("reason") })
		element.reset()
		element.elements.address.focus()
		await list.reload()
		say(`Nothing is sent to ${added.address} now`)
	}
	return html`<div class="head"><h1>Sending</h1><p>Who gets no more mail from this account, and what is kept of mail that went out.</p></div>
		<section class="section" aria-labelledby="list"><div class="head"><h2 id="list">Suppression list</h2>
			<p>Mail to these addresses is not sent, since it would only come back and harm the reputation of this server. Addresses come here by themselves when a server says that nobody is there.</p></div>
			<div class="card"><${Form} class="pad form" submit=${add}>${({ errors, busy }) => html`<h3>Add an address</h3>
				<div class="fields"><${Field} label="Address" name="address" type="email" autocomplete="off" placeholder="someone@else.example" error=${errors("address")} />
				<${Field} label="Reason" name="reason" autocomplete="off" hint="For you." maxlength="500" error=${errors("reason")} /></div>
				<div class="btns"><${Button} type="submit" kind="primary" icon="plus" aria-busy=${busy}>Add address<//></div>`}<//>
			<${Loaded} of=${list}>${(told) => html`<${Table} list=${told} reload=${list.reload} />`}<//></div></section>
		<${SentMail} />`
}

function Table({ list, reload }) {
	if (!list.length) return html`<${Empty} icon="send" text="Nobody is on the list: mail is sent to everyone." />`
	const remove = (entry) => async () => {
		await ask("DELETE", `suppressions/${encodeURIComponent(entry.address)}`)
		await reload()
		say(`${entry.address} gets mail again`, async () => {
			await ask("POST", "suppressions", { address: entry.address, reason: entry.reason })
			await reload()
		})
	}
	return html`<div class="table-box" tabindex="0" role="region" aria-label="Table of the list"><table class="table">
		<caption class="vh">Addresses that nothing is sent to</caption>
		<thead><tr><th scope="col">Address</th><th scope="col" class="c2">Reason</th><th scope="col" class="c3">Added by</th><th scope="col" class="c3">Since</th><th scope="col"><span class="vh">Actions</span></th></tr></thead>
		<tbody>${list.map((each) => html`<tr key=${each.base_address}><th scope="row" class="any">${each.address}</th><td class="c2 any">${each.reason}</td>
			<td class="c3">${each.is_manual ? "you" : "the server"}</td><td class="c3 nowrap"><time datetime=${each.added_at} title=${moment(each.added_at)}>${age(each.added_at)}</time></td>
			<td class="num"><${Button} kind="small" act=${remove(each)} label=${`Remove ${each.address}`}>Remove<//></td></tr>`)}</tbody></table></div>`
}
