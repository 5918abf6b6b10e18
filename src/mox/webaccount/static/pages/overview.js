// The account at a glance.
import { html, useEffect } from "../../shared/parts/html.js"
import { Icon } from "../../shared/parts/icons.js"
import { Loaded, useAnswer } from "../../shared/parts/loading.js"
import { age, count, moment, plural, size } from "../../shared/parts/words.js"
import { ImportCard } from "../importcard.js"
import { current } from "../imports.js"
import { AddressRows } from "./identity.js"
import { describe, isRefusal } from "./attempts.js"

const WEEK_MS = 7 * 86400_000

export function Overview() {
	const account = useAnswer("account")
	const attempts = useAnswer("login-attempts?limit=1000")
	const keys = useAnswer("tls-keys")
	const apps = useAnswer("app-passwords")
	const imported = current.value?.phase === "done"
	useEffect(() => { if (imported) account.reload() }, [imported])
	return html`<div class="head"><h1>Overview</h1><${Loaded} of=${account} lines=${1}>${(told) => html`<p>${told.full_name && `${told.full_name} · `}account <span class="mono">${told.account}</span></p>`}<//></div>
		<div class="tiles">
			<${StorageTile} account=${account.value} />
			<a class="tile" href="#/devices"><span class="k">Devices and apps</span>
				<span class="v">${keys.value && apps.value ? count(keys.value.length + apps.value.length) : "…"}</span>
				<span class="sub">${keys.value ? `${plural(keys.value.length, "TLS key")}, ${plural(apps.value?.length ?? 0, "app password")}` : ""}</span></a>
			<${SignInTile} attempts=${attempts.value} />
			<a class="tile" href="#/sending"><span class="k">Waiting to be sent</span>
				<span class="v">${account.value ? count(account.value.waiting) : "…"}</span>
				<span class="sub">${account.value?.next_attempt_at ? `next attempt ${new Date(account.value.next_attempt_at).toLocaleTimeString()}` : "nothing waits"}</span></a>
		</div>
		<${ImportCard} />
		<div class="two">
			<section class="section" aria-labelledby="addresses"><div class="head"><h2 id="addresses">Addresses</h2><a class="push small" href="#/identity">Name and addresses</a></div>
				<div class="card"><${Loaded} of=${account}>${(told) => html`<${AddressRows} account=${told} />`}<//></div></section>
			<section class="section" aria-labelledby="recent"><div class="head"><h2 id="recent">Recent sign-ins</h2><a class="push small" href="#/sign-ins">All, 30 days</a></div>
				<div class="card"><${Loaded} of=${attempts}>${(told) => html`<ul class="rows" role="list">${told.slice(0, 6).map((each, at) => html`<li key=${at}>
					<span class=${isRefusal(each) ? "bad" : "ok"}><${Icon} name=${isRefusal(each) ? "bad" : "ok"} /></span>
					<span class="grow">${describe(each).what}${each.count > 1 && html` <span class=${`badge ${isRefusal(each) ? "bad" : ""}`}>${count(each.count)}×</span>`}<br />
						<span class="sub">${describe(each).how} · ${each.remote_ip}</span></span>
					<time class="muted small nowrap" datetime=${each.last_at} title=${moment(each.last_at)}>${age(each.last_at)}</time></li>`)}</ul>`}<//></div></section>
		</div>`
}

function StorageTile({ account }) {
	if (!account) return html`<div class="tile"><span class="k">Storage</span><span class="v">…</span></div>`
	const [value, unit] = size(account.storage_octets)
	const limit = account.storage_limit_octets
	const share = limit ? Math.min(100, Math.round((account.storage_octets / limit) * 100)) : 0
	return html`<div class="tile"><span class="k">Storage</span>
		<span class="v">${value} <small>${limit ? `${unit} of ${size(limit).join(" ")}` : unit}</small></span>
		${limit ? html`<progress max="100" value=${share} aria-label="Storage used">${share} %</progress>` : ""}
		<span class="sub">${plural(account.messages, "message")}${limit ? "" : ", no limit"}</span></div>`
}

function SignInTile({ attempts }) {
	const recent = (attempts ?? []).filter((each) => Date.now() - new Date(each.last_at) < WEEK_MS)
	const sum = (wanted) => recent.filter((each) => isRefusal(each) === wanted).reduce((all, each) => all + each.count, 0)
	return html`<a class="tile" href="#/sign-ins"><span class="k">Sign-ins, 7 days</span>
		<span class="v">${attempts ? count(sum(false)) : "…"} <small>ok</small></span>
		${sum(true) ? html`<span class="sub warn"><${Icon} name="warn" small /> ${count(sum(true))} refused</span>` : html`<span class="sub">none refused</span>`}</a>`
}
