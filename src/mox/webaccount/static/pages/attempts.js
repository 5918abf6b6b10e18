// Who signed in, and who tried to.
import { html, useState } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { Empty } from "../../shared/parts/overlays.js"
import { age, browserName, count, moment } from "../../shared/parts/words.js"

const SERVICES = { imap: "IMAP", submission: "Sending", account: "Account pages" }
const RESULTS = {
	badcreds: "Wrong password or key",
	badchanbind: "Not bound to the connection",
	badprotocol: "Not understood",
	logindisabled: "Account closed",
	aborted: "Given up",
	error: "Failed here",
}
const MECHANISMS = { tlsclientauth: "TLS key", weblogin: "Password", webpassword: "Password confirmed", websession: "Session", login: "Password", PLAIN: "Password" }

export const isRefusal = (attempt) => attempt.result !== "ok"

/** What happened, and how, in words. */
export function describe(attempt) {
	const service = SERVICES[attempt.service] ?? attempt.service
	const program = attempt.user_agent ? `, ${browserName(attempt.user_agent)}` : ""
	const how = attempt.app_password ? `App password “${attempt.app_password}”` : (MECHANISMS[attempt.mechanism] ?? attempt.mechanism)
	return { what: isRefusal(attempt) ? `${RESULTS[attempt.result] ?? attempt.result}, ${service}` : `${service}${program}`, how }
}

export function Attempts() {
	const attempts = useAnswer("login-attempts?limit=10000")
	const [shown, setShown] = useState("all")
	const choices = [["all", "All"], ["ok", "Signed in"], ["refused", "Refused"]]
	return html`<div class="head"><h1>Sign-ins</h1>
		<div class="seg push" role="group" aria-label="Which sign-ins">${choices.map(([key, label]) => html`<button key=${key}
			aria-pressed=${shown === key} onClick=${() => setShown(key)}>${label}</button>`)}</div>
		<p>Kept for 30 days; of refused ones, 10${"\u2009"}000 at most. Equal ones are one row.</p></div>
		<div class="card"><${Loaded} of=${attempts} lines=${8}>${(told) => html`<${Table} attempts=${told.filter((each) => shown === "all" || isRefusal(each) === (shown === "refused"))} />`}<//></div>`
}

function Table({ attempts }) {
	if (!attempts.length) return html`<${Empty} icon="clock" text="None in the past 30 days." />`
	return html`<div class="table-box" tabindex="0" role="region" aria-label="Table of sign-ins"><table class="table">
		<caption class="vh">Attempts to sign in to this account, latest first</caption>
		<thead><tr><th scope="col">What</th><th scope="col" class="num">Times</th><th scope="col" class="c3">Signed in as</th><th scope="col" class="c3">TLS</th><th scope="col">Last</th></tr></thead>
		<tbody>${attempts.map((each, at) => html`<${Row} key=${at} attempt=${each} />`)}</tbody></table></div>`
}

function Row({ attempt }) {
	const { what, how } = describe(attempt)
	return html`<tr><th scope="row"><span class=${isRefusal(attempt) ? "bad" : "ok"}><${Icon} name=${isRefusal(attempt) ? "bad" : "ok"} small /></span> ${what}
			<span class="sub block">${how} · <span class="mono">${attempt.remote_ip}</span></span></th>
		<td class="num">${count(attempt.count)}</td>
		<td class="c3 any">${attempt.address || "–"}${attempt.fingerprint && html`<span class="sub mono">${attempt.fingerprint.slice(0, 12)}…</span>`}</td>
		<td class="c3">${attempt.tls || "none"}</td>
		<td class="nowrap"><time datetime=${attempt.last_at} title=${moment(attempt.last_at)}>${age(attempt.last_at)}</time>
			${attempt.first_at !== attempt.last_at && html`<span class="sub">first ${age(attempt.first_at)}</span>`}</td></tr>`
}
