// The import of this account: its upload, then what the server tells of it, over reloads and lost connections.
import { ask, Problem, session } from "../shared/parts/ask.js"
import { signal } from "../shared/parts/html.js"

const KEY = "ImportToken"
const stored = {
	get() { try { return sessionStorage.getItem(KEY) } catch { return null } },
	set(token) { try { sessionStorage.setItem(KEY, token) } catch { /* private windows */ } },
	forget() { try { sessionStorage.removeItem(KEY) } catch { /* private windows */ } },
}

/**
 * The import as far as this page knows it, or null: `{name, size, beganAt, phase, token, uploaded, began,
 * counts: Map, problems, read, total, reason, messages, skipped, after, isLost}`; `phase` is uploading, connecting,
 * reading, threading, filing, done, aborted or unknown.
 */
export const current = signal(null)

let request = null
let source = null

const EMPTY = { counts: new Map(), problems: [], read: 0, total: 0, reason: "", messages: 0, skipped: 0, after: null, isLost: false }
const STEPS = [[/thread/, "threading"], [/adding/, "filing"]]
const change = (more) => { if (current.value) current.value = { ...current.value, ...more } }

export const isOver = (phase) => ["done", "aborted", "unknown"].includes(phase)
export const isRunning = () => current.value !== null && !isOver(current.value.phase)

/** How much of it is done, in percent of what can be known; undefined where nothing can. */
export function share(of) {
	if (of.phase === "uploading") return of.size ? Math.floor((of.uploaded / of.size) * 100) : undefined
	if (of.phase === "reading") return of.total ? Math.min(100, Math.floor((of.read / of.total) * 100)) : undefined
	return undefined
}

// What goes to the server is lost with the page; what is there already is not.
addEventListener("beforeunload", (event) => { if (current.value?.phase === "uploading") event.preventDefault() })

/** Send a file and follow its import; settles once the server has all of it, or refused it. */
export async function upload(file, options) {
	const query = new URLSearchParams({ name: file.name, ...options })
	current.value = { ...EMPTY, name: file.name, size: file.size, beganAt: new Date().toISOString(), phase: "uploading", token: "", uploaded: 0, began: performance.now() }
	try {
		const { token } = await send(`import?${query}`, file)
		stored.set(token)
		change({ token })
		follow(token)
	} catch (problem) {
		current.value = null
		if (problem.code !== "given-up") throw problem
	} finally {
		request = null
	}
}

function send(address, file) {
	return new Promise((resolve, reject) => {
		request = new XMLHttpRequest()
		request.open("POST", address)
		request.setRequestHeader("x-mox-csrf", session.value.csrf)
		request.setRequestHeader("content-type", "application/octet-stream")
		request.responseType = "json"
		request.upload.onprogress = (event) => change({ uploaded: event.loaded })
		request.onabort = () => reject(new Problem({ status: 0, code: "given-up", detail: "The upload was given up." }))
		request.onerror = () => reject(new Problem({ status: 0, code: "not-connected", detail: "The connection was lost during the upload. Nothing was imported." }))
		request.onload = (event) => {
			const told = event.target.response ?? {}
			if (event.target.status === 200) resolve(told)
			else reject(new Problem({ status: event.target.status, detail: `The server answered ${event.target.status}.`, code: "unknown", ...told }))
		}
		request.send(file)
	})
}

function follow(token) {
	source?.close()
	change({ phase: "connecting" })
	source = new EventSource(`importprogress?token=${encodeURIComponent(token)}`)
	const on = (kind, act) => source.addEventListener(kind, (event) => act(JSON.parse(event.data)))
	// The server tells all again to whoever comes back.
	source.onopen = () => change({ ...EMPTY, phase: "reading" })
	source.onerror = () => {
		if (source.readyState === EventSource.CLOSED) change({ phase: "unknown" })
		else if (!isOver(current.value?.phase)) change({ isLost: true })
	}
	on("count", ({ mailbox, messages }) => {
		const counts = new Map(current.value.counts).set(mailbox, messages)
		change({ counts, messages: [...counts.values()].reduce((all, each) => all + each, 0) })
	})
	on("problem", ({ text }) => change({ problems: [...current.value.problems, text] }))
	on("read", ({ octets, total }) => change({ read: octets, total }))
	on("step", ({ title }) => change({ phase: STEPS.find(([words]) => words.test(title))?.[1] ?? "filing" }))
	on("done", ({ messages, skipped }) => { stored.forget(); change({ phase: "done", messages, skipped }) })
	on("aborted", ({ reason }) => { end(); change({ phase: "aborted", reason }) })
	on("after", (after) => { if (after.is_over) end(); change({ after }) })
}

function end() {
	source.close()
	stored.forget()
}

/** Follow an import that was begun before the page was loaded, here or in another browser. */
export async function reconnect() {
	if (current.value) return
	const token = stored.get()
	const known = await ask("GET", "imports").catch(() => [])
	const found = known.find((each) => each.token === token) ?? known.findLast((each) => !isOver(each.phase))
	if (found) {
		current.value = { ...EMPTY, name: found.name, size: found.size, beganAt: found.began_at, phase: "connecting", token: found.token }
		follow(found.token)
	} else if (token) {
		current.value = { ...EMPTY, name: "", size: 0, beganAt: "", phase: "unknown", token }
	}
}

/** Give up, during the upload or after it. */
export async function abort() {
	if (request) request.abort()
	else await ask("DELETE", `imports/${current.value.token}`)
}

/** Forget an import that is over. */
export function forget() {
	source?.close()
	stored.forget()
	current.value = null
}
