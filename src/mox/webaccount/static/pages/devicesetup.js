// What a mail program has to be told: servers and ports, and a profile for Apple's.
import { html } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Empty } from "../../shared/parts/overlays.js"

const PROTOCOLS = { imap: "Reading mail, IMAP", submission: "Sending mail, SMTP" }

export function DeviceSetup() {
	const told = useAnswer("device-setup")
	return html`<section class="section" aria-labelledby="setup"><div class="head"><h2 id="setup">Set up a device</h2>
			<p>Most mail apps find all of this by themselves, from the address. The user name is the address.</p></div>
			<div class="card"><${Loaded} of=${told} lines=${4}>${(setup) => html`<${Servers} servers=${setup.servers} />${setup.profile_url && html`<${Profile} setup=${setup} />`}`}<//></div></section>`
}

function Servers({ servers }) {
	if (!servers.length) return html`<${Empty} icon="phone" text="No servers for mail apps are switched on." />`
	return html`<ul class="rows" role="list">${servers.map((each) => html`<li key=${`${each.host}:${each.port}`}><${Icon} name=${each.protocol === "imap" ? "mail" : "send"} />
		<span class="grow any"><b>${each.host}</b> port <b>${each.port}</b><br /><span class="sub">${PROTOCOLS[each.protocol] ?? each.protocol} · ${each.security}</span></span></li>`)}</ul>`
}

function Profile({ setup }) {
	return html`<div class="pad"><div class="btns between"><div class="grow"><h3>iPhone, iPad and Mac</h3>
		<p class="muted small">Apple's Mail does not look for settings: it takes a profile. Point the camera at the code, or open the link there; then install it in Settings, under "Profile downloaded".
			It has no password, and is not signed: the device says so.</p>
		<p><a href=${setup.profile_url}>Download the profile</a></p></div>
		${setup.profile_code && html`<img class="qr" src=${setup.profile_code} alt="QR code of the profile's address" width="160" height="160" />`}</div></div>`
}
