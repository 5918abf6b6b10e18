// Name, addresses, lists.
import { ask } from "../../shared/parts/ask.js"
import { Button, Field, Form } from "../../shared/parts/controls.js"
import { SaveBar, useDraft } from "../../shared/parts/drafts.js"
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Dialog, Empty, say } from "../../shared/parts/overlays.js"
import { plural } from "../../shared/parts/words.js"

export function Identity() {
	const account = useAnswer("account")
	return html`<div class="head"><h1>Name and addresses</h1><p>Who you are to others, and where mail for you goes.</p></div>
		<section class="section" aria-labelledby="name"><div class="head"><h2 id="name">Name</h2></div>
			<div class="card"><${Loaded} of=${account} lines=${2}>${(told) => html`<${NameForm} account=${told} reload=${account.reload} />`}<//></div></section>
		<section class="section" aria-labelledby="addresses"><div class="head"><h2 id="addresses">Addresses</h2><p>Which addresses there are is set by whoever runs this server; what happens to their mail, by you.</p></div>
			<div class="card"><${Loaded} of=${account}>${(told) => html`<${AddressRows} account=${told} />`}<//></div></section>`
}

function NameForm({ account, reload }) {
	const [{ name }, change, isChanged] = useDraft({ name: account.full_name })
	const setName = (wanted) => change({ name: wanted })
	async function submit() {
		const before = account.full_name
		await ask("PUT", "account/full-name", { full_name: name })
		await reload()
		say("Name changed", async () => { await ask("PUT", "account/full-name", { full_name: before }); setName(before); await reload() })
	}
	return html`<${Form} class="pad form" submit=${submit}>${({ errors, busy }) => html`
		<div class="narrow"><${Field} label="Full name" name="full_name" autocomplete="name" value=${name} onInput=${(event) => setName(event.target.value)}
			error=${errors("full_name")} hint="Shown beside your address in the mail you write." maxlength="200" /></div>
		${isChanged && html`<${SaveBar} discard=${() => setName(account.full_name)} busy=${busy} />`}`}<//>`
}

export function AddressRows({ account }) {
	const [members, setMembers] = useState(null)
	if (!account.addresses.length && !account.aliases.length) return html`<${Empty} icon="mail" text="This account has no address, so nobody can sign in to it." />`
	return html`<ul class="rows" role="list">
		${account.addresses.map((each) => html`<li key=${each.address}><${Icon} name=${each.is_catchall ? "globe" : "mail"} />
			<span class="grow any"><b>${each.address}</b>${each.is_catchall && html` <span class="badge">catch-all</span>`}<br />
			<span class="sub">${[each.mailbox, each.rules && plural(each.rules, "rule"), each.needs_authentication && "needs a verified sender", each.refusal && `refused: ${each.refusal}`].filter(Boolean).join(" · ")}</span></span>
			<a class="btn quiet only" href=${`#/address/${encodeURIComponent(each.address)}`} aria-label=${`Settings of ${each.address}`}><${Icon} name="right" /></a></li>`)}
		${account.aliases.map((each) => html`<li key=${`${each.address} ${each.member}`}><${Icon} name="users" />
			<span class="grow any"><b>${each.address}</b> <span class="badge">list</span><br />
			<span class="sub">${each.anyone_may_post ? "Anyone can write" : "Members can write"}${each.may_send_as ? " · you can send as it" : ""}</span></span>
			${each.members.length > 0 && html`<${Button} kind="small" act=${() => setMembers(each)}>Members<//>`}</li>`)}</ul>
		${members && html`<${Dialog} title=${`Members of ${members.address}`} close=${() => setMembers(null)}>
			<ul class="rows" role="list">${members.members.map((each) => html`<li key=${each}><${Icon} name="user" /><span class="any">${each}</span></li>`)}</ul><//>`}`
}
