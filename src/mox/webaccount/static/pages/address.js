// One address: where its mail goes, what is refused, and its rules in their order.
import { ask } from "../../shared/parts/ask.js"
import { Button, Check, Field, Form } from "../../shared/parts/controls.js"
import { SaveBar, useDraft } from "../../shared/parts/drafts.js"
import { html } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Empty, say } from "../../shared/parts/overlays.js"

const NEW_RULE = {
	mailbox: "", smtp_mail_from: "", msg_from: "", verified_domain: "", headers: [], is_forward: false,
	list_allow_domain: "", accept_rejects_to_mailbox: "", comment: "",
}

export function Address({ rest }) {
	const told = useAnswer(`addresses/${encodeURIComponent(rest)}`)
	return html`<div class="head"><p><a href="#/identity"><${Icon} name="back" small /> Name and addresses</a></p><h1 class="any">${rest}</h1><p>What happens to mail for this address.</p></div>
		<${Loaded} of=${told} lines=${8}>${(value) => html`<${Editor} key=${value.version} address=${rest} value=${value} set=${told.set} />`}<//>`
}

function Editor({ address, value, set }) {
	const [edited, change, isChanged, replace] = useDraft(value)
	const text = (name) => ({ name, value: edited[name], onInput: (event) => change({ [name]: event.target.value }) })
	async function store(wanted) {
		set(await ask("PUT", `addresses/${encodeURIComponent(address)}`, wanted))
	}
	async function submit() {
		const before = value
		const stored = await ask("PUT", `addresses/${encodeURIComponent(address)}`, edited)
		set(stored)
		say("Address: saved", () => store({ ...before, version: stored.version }))
	}
	const rules = (wanted) => change({ rules: wanted })
	return html`<${Form} class="sections" submit=${submit}>${({ errors, busy }) => html`
		<section class="section" aria-labelledby="goes"><div class="head"><h2 id="goes">Delivery</h2></div><div class="card"><div class="pad"><div class="fields">
			<${Field} label="Mailbox" placeholder="Inbox" hint="For mail that no rule is for. Empty: Inbox." error=${errors("mailbox")} maxlength="200" ...${text("mailbox")} />
			<${Field} label="Full name" hint="In mail you send from this address, instead of the account's." error=${errors("full_name")} maxlength="200" ...${text("full_name")} /></div></div></div></section>
		<section class="section" aria-labelledby="rules"><div class="head"><h2 id="rules">Rules</h2><div class="btns push"><${Button} icon="plus" act=${() => rules([...edited.rules, NEW_RULE])}>Add rule<//></div>
			<p>The first rule that matches decides about the mailbox; all that a rule names must be so. Regular expressions are compared with lower case.</p></div>
			${edited.rules.length ? edited.rules.map((rule, at) => html`<${Rule} key=${at} rule=${rule} at=${at} rules=${edited.rules} set=${rules} />`) : html`<div class="card"><${Empty} icon="route" text="No rules yet: all mail goes to the mailbox above." /></div>`}</section>
		<section class="section" aria-labelledby="refuse"><div class="head"><h2 id="refuse">Refusing mail</h2></div><div class="card"><div class="pad"><div class="fields">
			<${Field} label="Refuse all mail with" placeholder="550 no longer in use" hint="Begins with 421 (for now) or 550 (for good). Empty: mail is taken." error=${errors("refusal")} maxlength="260" ...${text("refusal")} />
			<${Field} label="Refuse mail without verified sender with" placeholder="Please sign your mail" hint="The text for who sends without SPF or DKIM. Empty: such mail is taken." error=${errors("authentication_refusal")} maxlength="256" ...${text("authentication_refusal")} /></div></div></div></section>
		${isChanged && html`<div class="card stays"><div class="pad"><${SaveBar} discard=${() => replace(value)} busy=${busy} /></div></div>`}`}<//>`
}

function Rule({ rule, at, rules, set }) {
	const change = (more) => set(rules.map((each, other) => (other === at ? { ...each, ...more } : each)))
	const move = (by) => () => {
		const moved = rules.filter((_, other) => other !== at)
		moved.splice(at + by, 0, rule)
		set(moved)
	}
	const text = (name, label, more) => html`<${Field} label=${label} autocomplete="off" spellcheck="false" value=${rule[name]} onInput=${(event) => change({ [name]: event.target.value })} ...${more} />`
	const headers = (wanted) => change({ headers: wanted })
	const header = (number, more) => headers(rule.headers.map((each, other) => (other === number ? { ...each, ...more } : each)))
	const id = `rule-${at}`
	return html`<div class="card" role="group" aria-labelledby=${id}><div class="pad">
		<div class="btns"><h3 id=${id} class="grow">Rule ${at + 1}${rule.comment && html` <span class="muted">${rule.comment}</span>`}</h3>
			<${Button} kind="quiet only small" icon="back" label=${`Rule ${at + 1}: earlier`} act=${move(-1)} disabled=${at === 0} />
			<${Button} kind="quiet only small" icon="right" label=${`Rule ${at + 1}: later`} act=${move(1)} disabled=${at === rules.length - 1} />
			<${Button} kind="quiet only small" icon="trash" label=${`Remove rule ${at + 1}`} act=${() => set(rules.filter((_, other) => other !== at))} /></div>
		<div class="fields">
			${text("msg_from", "From matches", { class: "input mono", placeholder: "@lists\\.example$", hint: "Regular expression." })}
			${text("smtp_mail_from", "Envelope's sender matches", { class: "input mono", hint: "Regular expression." })}
			${text("verified_domain", "Verified domain", { placeholder: "else.example", hint: "Proven by SPF or DKIM." })}
			${text("mailbox", "Goes to mailbox", { placeholder: "Lists/mox" })}
		</div>
		${rule.headers.map((each, number) => html`<div class="password-row" key=${number}>
			<${Field} label="Header field" class="input mono" placeholder="^list-id$" value=${each.name} onInput=${(event) => header(number, { name: event.target.value })} />
			<${Field} label="matches" class="input mono" value=${each.value} onInput=${(event) => header(number, { value: event.target.value })} />
			<${Button} kind="quiet only" icon="x" label="Remove header field" act=${() => headers(rule.headers.filter((_, other) => other !== number))} /></div>`)}
		<div class="btns"><${Button} kind="small" icon="plus" act=${() => headers([...rule.headers, { name: "", value: "" }])}>Header field<//></div>
		<details><summary>Advanced</summary><div class="stack pad">
			<${Check} label="Is a forward" hint="The sender forwards mail of others: its reputation does not count. Needs the envelope's sender and the verified domain." checked=${rule.is_forward} onChange=${(event) => change({ is_forward: event.target.checked })} />
			<div class="fields">
				${text("list_allow_domain", "Mailing list of", { hint: "A domain: messages of its list are accepted." })}
				${text("accept_rejects_to_mailbox", "Put what would be refused in", { hint: "A mailbox; empty: it is refused." })}
				${text("comment", "Comment", { hint: "For you." })}
			</div></div></details></div></div>`
}
