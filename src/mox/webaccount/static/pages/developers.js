// For people who write programs.
import { Button, Check, Field } from "../../shared/parts/controls.js"
import { html } from "../../shared/parts/html.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Settings } from "./settings.js"

const EVENTS = ["delivered", "suppressed", "delayed", "failed", "relayed", "expanded", "canceled", "unrecognized"]

export function Developers() {
	const told = useAnswer("developers")
	return html`<div class="head"><h1>Developers</h1><p>For programs that send and receive mail. Everything on these pages can be done by programs, too: see <a href="api/openapi.json">the API's description</a>.</p></div>
		<${Loaded} of=${told} lines=${8}>${(value) => html`
			<${Settings} title="Calls about sent mail" help="An HTTP request for each thing that becomes of mail that this account sent." value=${value.outgoing} path="developers/outgoing" reload=${told.reload} Fields=${Outgoing} />
			<${Settings} title="Calls about received mail" help="An HTTP request for each message that is delivered to this account." value=${value.incoming} path="developers/incoming" reload=${told.reload} Fields=${Hook} />
			<${Settings} title="IMAP" help="Capabilities that mail programs of this account are not told of, for programs that trip over them." value=${value.imap} path="developers/imap" reload=${told.reload} Fields=${Imap} />`}<//>`
}

const Hook = ({ value, change, errors }) => html`<div class="fields">
	<${Field} label="URL" name="url" type="url" autocomplete="off" spellcheck="false" placeholder="https://else.example/hook" value=${value.url} onInput=${change("url")} hint="Empty: no calls." error=${errors("url")} maxlength="1000" />
	<${Field} label="Authorization header" name="authorization" autocomplete="off" spellcheck="false" placeholder="Bearer …" value=${value.authorization} onInput=${change("authorization")} hint="Sent with each call; empty for none." error=${errors("authorization")} maxlength="1000" /></div>`

function Outgoing({ value, change, set, errors }) {
	const toggle = (event) => (input) => set({ events: EVENTS.filter((each) => (each === event ? input.target.checked : value.events.includes(each))) })
	return html`<${Hook} value=${value} change=${change} errors=${errors} />
		<fieldset class="plain"><legend class="small">Events; none ticked is all</legend><div class="choices">${EVENTS.map((each) => html`<${Check} key=${each} label=${each} checked=${value.events.includes(each)} onChange=${toggle(each)} />`)}</div></fieldset>`
}

function Imap({ value, set, errors }) {
	return html`<div class="narrow"><${Field} label="Hidden capabilities" name="capabilities" class="input mono" autocomplete="off" spellcheck="false" placeholder="IMAP4REV2 UIDONLY"
		value=${value.capabilities.join(" ")} onChange=${(event) => set({ capabilities: event.target.value.toUpperCase().split(/\s+/).filter(Boolean) })} hint="Separated by spaces." error=${errors("capabilities")} /></div>`
}
