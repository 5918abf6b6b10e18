// How sent mail is treated: remembered for how long, and unique return paths.
import { Check, Field } from "../../shared/parts/controls.js"
import { html } from "../../shared/parts/html.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Settings } from "./settings.js"

const UNITS = [["hours", 3600], ["days", 86400], ["weeks", 604800]]

export function SentMail() {
	const told = useAnswer("sending")
	const account = useAnswer("account")
	const both = { ...told, value: told.value && account.value ? told.value : undefined, problem: told.problem ?? account.problem }
	return html`<${Loaded} of=${both} lines=${4}>${(value) => html`<${Settings} title="Sent mail" help="What is remembered of it, and how it comes back." value=${value} path="sending" reload=${told.reload}
		Fields=${Fields(account.value.addresses.filter((each) => !each.is_catchall).map((each) => each.address))} />`}<//>`
}

// Made once for each list of addresses, so that fields keep their focus.
const made = new Map()
function Fields(addresses) {
	const key = addresses.join(" ")
	if (!made.has(key)) made.set(key, (given) => html`<${SentMailFields} addresses=${addresses} ...${given} />`)
	return made.get(key)
}

function SentMailFields({ addresses, value, set, errors }) {
	const chosen = value.from_id_login_addresses
	const toggle = (address) => (event) => set({ from_id_login_addresses: event.target.checked ? [...chosen, address] : chosen.filter((each) => each !== address) })
	return html`<div class="fields"><${Period} label="Remember messages for" name="keep_messages" seconds=${value.keep_messages} set=${set} error=${errors("keep_messages")} />
		<${Period} label="Remember calls of webhooks for" name="keep_webhooks" seconds=${value.keep_webhooks} set=${set} error=${errors("keep_webhooks")} /></div>
		<fieldset class="plain"><legend class="small">Unique return paths for mail sent while signed in as</legend>
			<p class="sub">So that what comes back can be told apart by message. The domain needs a separator for subaddresses.</p>
			<div class="choices">${addresses.map((each) => html`<${Check} key=${each} label=${each} checked=${chosen.includes(each)} onChange=${toggle(each)} />`)}</div></fieldset>`
}

function Period({ label, name, seconds, set, error }) {
	const [unit, size] = UNITS.findLast(([, each]) => seconds && seconds % each === 0) ?? UNITS[0]
	return html`<${Field} label=${`${label} (${unit})`} name=${name} type="number" min="0" step="1" value=${Math.round(seconds / size)}
		onInput=${(event) => set({ [name]: Math.max(0, Math.round((event.target.valueAsNumber || 0) * size)) })} hint="0: not at all." error=${error} />`
}
