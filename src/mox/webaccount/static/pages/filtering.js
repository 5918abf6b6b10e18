// What becomes of incoming mail.
import { Check, Field } from "../../shared/parts/controls.js"
import { html } from "../../shared/parts/html.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Settings } from "./settings.js"

export function Filtering() {
	const told = useAnswer("filtering")
	const part = (title, help, key, path, Fields) => html`<${Settings} title=${title} help=${help} value=${told.value[key]} path=${`filtering/${path}`} reload=${told.reload} Fields=${Fields} />`
	return html`<div class="head"><h1>Filtering</h1><p>What becomes of the mail that comes in.</p></div>
		<${Loaded} of=${told} lines=${10}>${() => html`
			${part("Junk filter", "Learns from what you mark and move. Mail that it believes to be junk is refused.", "junk_filter", "junk-filter", JunkFilter)}
			${part("Automatic junk flags", "Moving a message to a mailbox marks it as junk or not junk, so that the filter learns.", "junk_flags", "junk-flags", JunkFlags)}
			${part("Refused mail", "Keep a copy of refused mail for some days, to see what was refused and why.", "rejects", "rejects", Rejects)}
			${part("Introbox", "A mailbox for the first mail of people you never had mail from.", "introbox", "introbox", Introbox)}`}<//>`
}

function JunkFilter({ value, change, errors }) {
	const number = (name, label, hint, more) => html`<${Field} label=${label} name=${name} type="number" inputmode="decimal" step="any" value=${value[name]} onInput=${change(name)} hint=${hint} error=${errors(name)} ...${more} />`
	return html`<${Check} isSwitch label="Filter junk" checked=${value.enabled} onChange=${change("enabled")} />
		<details><summary>Advanced</summary><div class="stack pad">
			<div class="fields">
				${number("threshold", "Threshold", "0.95 usually: how sure the filter must be.", { min: 0, max: 1 })}
				${number("max_power", "Most power of a word", "0.01 usually.", { min: 0, max: 0.5 })}
				${number("top_words", "Words that count", "10 usually, of each side.", { min: 1, step: 1 })}
				${number("ignore_words", "Ignore around the middle", "0.1 usually.", { min: 0, max: 0.5 })}
				${number("rare_words", "Rare words", "2 usually: seen at most this often.", { min: 0, step: 1 })}
			</div>
			<div class="stack">
				<${Check} label="Single words" checked=${value.onegrams} onChange=${change("onegrams")} />
				<${Check} label="Pairs of words" checked=${value.twograms} onChange=${change("twograms")} />
				<${Check} label="Three words" hint="Takes much room; set by whoever runs this server." checked=${value.threegrams} disabled />
			</div></div></details>`
}

function JunkFlags({ value, change, errors }) {
	const pattern = (name, label) => html`<${Field} label=${label} name=${name} class="input mono" autocomplete="off" spellcheck="false" value=${value[name]} onInput=${change(name)} error=${errors(name)} />`
	return html`<${Check} isSwitch label="Set flags by mailbox" checked=${value.enabled} onChange=${change("enabled")} />
		<details><summary>Advanced: which mailboxes</summary><div class="stack pad">
			<p class="sub">Regular expressions, compared with the mailbox's name in lower case, in this order. If just one is empty, it stands for all other mailboxes.</p>
			<div class="fields">${pattern("junk", "Junk")}${pattern("neutral", "Neither")}${pattern("not_junk", "Not junk")}</div></div></details>`
}

const Rejects = ({ value, change, errors }) => html`<div class="narrow"><${Field} label="Mailbox" name="mailbox" value=${value.mailbox} onInput=${change("mailbox")} error=${errors("mailbox")} hint="Empty: refused mail is not kept." placeholder="Rejects" /></div>
	<${Check} label="No cleanup" hint="Keep refused mail for longer than some days." checked=${value.keep} onChange=${change("keep")} />`

const Introbox = ({ value, change, errors }) => html`<div class="narrow"><${Field} label="Mailbox" name="mailbox" value=${value.mailbox} onInput=${change("mailbox")} error=${errors("mailbox")} hint="Empty: such mail goes where all mail goes." placeholder="Introbox" /></div>`
