// The account page: the way in, the frame around the sections, and which section is shown.
import { ask, learnSession, session } from "../shared/parts/ask.js"
import { Button } from "../shared/parts/controls.js"
import { hasDrafts } from "../shared/parts/drafts.js"
import { effect, html, render, signal, useEffect, useRef, useState } from "../shared/parts/html.js"
import { Icon } from "../shared/parts/icons.js"
import { Confirm, Empty, Toasts } from "../shared/parts/overlays.js"
import * as theme from "../shared/parts/theme.js"
import { current, isRunning, reconnect, share } from "./imports.js"
import { DETAILS, SECTIONS } from "./sections.js"
import { SignIn } from "./signin.js"

const address = signal(location.hash)
/** Where somebody wants to go from a form that is not saved. */
const leaving = signal("")
addEventListener("hashchange", (event) => {
	if (location.hash === address.value) return
	if (hasDrafts() && !leaving.value) {
		// First asked about, in a dialog of ours: back, and on again if that is wanted.
		leaving.value = location.hash
		history.replaceState(null, "", new URL(event.oldURL).hash || "#/overview")
		return
	}
	address.value = location.hash
})

/** Find what an address is about: a section, or a page behind one with the rest of the address. */
function pageOf(hash) {
	const [at, ...rest] = (hash.replace(/^#\/?/, "") || "overview").split("/")
	if (rest.length) return { ...DETAILS.find((each) => each.at === at), rest: decoded(rest.join("/")) }
	return SECTIONS.find((each) => each.at === at) ?? {}
}

function decoded(text) {
	try {
		return decodeURIComponent(text)
	} catch {
		return text
	}
}

const sectionOf = (hash) => {
	const page = pageOf(hash)
	return SECTIONS.find((each) => each.at === (page.of ?? page.at))
}

const loaded = new Map()

/** Show a page, which is read from the server when it is first shown. */
function Lazy({ page }) {
	const [, setRead] = useState(null)
	const [trouble, setTrouble] = useState(false)
	const Page = loaded.get(page.at)
	async function read() {
		setTrouble(false)
		try {
			loaded.set(page.at, await page.load())
			setRead(page.at)
		} catch {
			setTrouble(true)
		}
	}
	useEffect(() => { if (!Page) read() }, [page.at])
	if (Page) return html`<${Page} rest=${page.rest} />`
	if (trouble) return html`<h1>${page.label}</h1><${Empty} icon="warn" text="This part of the page could not be loaded."><${Button} icon="refresh" act=${read}>Try again<//><//>`
	return html`<div aria-busy="true"><h1 class="vh">${page.label}</h1></div>`
}

/** Read all pages while nothing else is to be done, so that they are there at once. */
function readAhead() {
	const later = globalThis.requestIdleCallback ?? setTimeout
	later(async () => { for (const page of [...SECTIONS, ...DETAILS]) if (!loaded.has(page.at)) loaded.set(page.at, await page.load().catch(() => undefined)) })
}

/** How far the import is, in a few characters; nothing without one. */
const importShare = () => (isRunning() ? (share(current.value) === undefined ? "…" : `${share(current.value)} %`) : "")

const ImportShare = () => (importShare() ? html`<span class="n">${importShare()}</span>` : "")

function Navigation() {
	const shown = sectionOf(address.value)
	return html`<header class="side">
		<div class="brand"><${Icon} name="brand" /><span class="t">mox <small>Account</small></span></div>
		<nav class="nav" aria-label="Account">${SECTIONS.map((each) => html`<a key=${each.at} href=${`#/${each.at}`}
			aria-current=${each === shown ? "page" : undefined}><${Icon} name=${each.icon} /><span class="t">${each.label}</span>${each.at === "import" && html`<${ImportShare} />`}</a>`)}</nav>
		<nav class="nav push-end" aria-label="About">
			<a href="api/openapi.json"><${Icon} name="code" /><span class="t">API</span></a>
			<a href="licenses.txt"><${Icon} name="info" /><span class="t">Licences</span></a>
		</nav></header>`
}

function TabBar() {
	const shown = sectionOf(address.value)
	return html`<nav class="tabbar" aria-label="Account, short">${SECTIONS.filter((each) => each.short).map((each) => html`<a key=${each.at}
		href=${`#/${each.at}`} aria-current=${each === shown ? "page" : undefined}><${Icon} name=${each.icon} />${each.short}</a>`)}</nav>`
}

const initials = (text) => text.split("@")[0].split(/[^\p{L}\p{N}]+/u).filter(Boolean).slice(0, 2).map((word) => word[0].toUpperCase()).join("") || "?"

function AccountMenu() {
	const menu = useRef()
	const leave = (path) => async () => { await ask("POST", path); session.value = null }
	const choose = (wanted) => () => { theme.setTheme(wanted); menu.current.hidePopover() }
	const themes = [["", "System theme", "laptop"], ["light", "Light", "star"], ["dark", "Dark", "moon"]]
	return html`<button class="avatar tint-2" popovertarget="account-menu" aria-label=${`Account menu of ${session.value.address}`}>${initials(session.value.address)}</button>
		<div class="menu account-menu" id="account-menu" popover ref=${menu}>
			<p class="menu-head small">Signed in as<br /><b>${session.value.address}</b></p>
			${SECTIONS.filter((each) => !each.short).map((each) => html`<a class="phone-only" key=${each.at} href=${`#/${each.at}`} onClick=${() => menu.current.hidePopover()}><${Icon} name=${each.icon} />${each.label}</a>`)}
			${themes.map(([wanted, label, icon]) => html`<button key=${wanted} aria-pressed=${theme.theme.value === wanted}
				onClick=${choose(wanted)}><${Icon} name=${icon} />${label}${theme.theme.value === wanted && html`<span class="push"><${Icon} name="check" small /></span>`}</button>`)}
			<button onClick=${leave("logout")}><${Icon} name="lock" />Sign out</button>
			<button onClick=${leave("logout-everywhere")}><${Icon} name="globe" />Sign out everywhere</button>
		</div>`
}

function Bar({ section }) {
	const isDark = theme.isDark()
	return html`<header class="bar">
		<span class="phone"><${Icon} name="brand" /></span><span class="where cut">${section ? section.label : "Account"}</span>
		<${Button} kind="quiet only push" icon="moon" label=${isDark ? "Switch to light" : "Switch to dark"} data-tip="Theme"
			act=${() => theme.setTheme(theme.isDark() ? "light" : "dark")} />
		<${AccountMenu} /></header>`
}

function Frame() {
	const page = pageOf(address.value)
	const section = page.load && page
	const main = useRef()
	const first = useRef(true)
	useEffect(() => { readAhead(); reconnect() }, [])
	const told = importShare()
	useEffect(() => {
		document.title = told ? `${told} – Import – mox` : `${section ? section.label : "Not found"} – Account – mox`
	}, [told, address.value])
	useEffect(() => {
		// After a change of section the reader is at its beginning, not where the link was.
		if (!first.current) main.current.focus()
		first.current = false
	}, [address.value])
	return html`<a class="btn primary vh skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus() }}>Skip to content</a>
		<div class="app"><${Navigation} />
		<main class="main" id="main" tabindex="-1" ref=${main}><${Bar} section=${section} />
			<div class="scroll" tabindex="0" role="region" aria-label=${section ? section.label : "Not found"} key=${address.value}><div class="page">
				${section ? html`<${Lazy} page=${section} />` : html`<div class="head"><h1>Not found</h1></div><${Empty} icon="search" text="There is no such page."><a class="btn" href="#/overview">Overview</a><//>`}
			</div></div></main>
		<${TabBar} /></div><${Toasts} />
		${leaving.value && html`<${Confirm} title="Leave without saving?" text="What you changed here is not saved." safe="Stay here" doIt="Leave"
			close=${() => { leaving.value = "" }} act=${() => { const to = leaving.value; leaving.value = ""; history.pushState(null, "", to); address.value = to }} />`}`
}

function App() {
	const [trouble, setTrouble] = useState(null)
	const learn = () => { setTrouble(null); return learnSession().catch(setTrouble) }
	useEffect(() => { learn() }, [])
	if (trouble) {
		return html`<main class="entry"><${Empty} icon="warn" text=${trouble.message}><${Button} icon="refresh" act=${learn}>Try again<//><//></main>`
	}
	if (session.value === undefined) return html`<main class="entry" aria-busy="true"><p class="vh">Loading</p></main>`
	return session.value === null ? html`<${SignIn} />` : html`<${Frame} />`
}

theme.show()
effect(() => { if (session.value === null) document.title = "Sign in – Account – mox" })
render(html`<${App} />`, document.getElementById("app"))
