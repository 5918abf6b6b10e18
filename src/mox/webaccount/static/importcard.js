// The import of this account as a card: where it is, what came of each mailbox, what went wrong, and its end.
import { abort, current, forget, isOver, share } from "./imports.js"
import { Button } from "../shared/parts/controls.js"
import { html, useState } from "../shared/parts/html.js"
import { Icon } from "../shared/parts/icons.js"
import { Confirm, say } from "../shared/parts/overlays.js"
import { age, count, moment, plural, size } from "../shared/parts/words.js"

// More mailboxes than this are a table that scrolls.
const MOST_TILES = 12
const STEPS = ["uploading", "reading", "threading", "done"]
const WORDS = { uploading: ["Uploading", "Uploaded"], reading: ["Reading messages", "Messages read"], threading: ["Matching threads", "Threads matched"], done: ["Done", "Done"] }
const AT = { uploading: 0, connecting: 1, reading: 1, threading: 2, filing: 2, done: 4 }

/** The card; nothing where there is no import. */
export function ImportCard() {
	const [asks, setAsks] = useState(false)
	const told = current.value
	if (!told) return ""
	const running = !isOver(told.phase)
	return html`<section class="section" aria-labelledby="import-card"><div class="head"><h2 id="import-card">Import</h2>
			${running && html`<span class="badge note">${told.isLost ? "reconnecting" : "running"}</span>`}
			${running && html`<p>${told.phase === "uploading" ? "Keep this page open until the file is uploaded." : "You may close this page; the import goes on and this card reconnects."} Nothing is kept until it is finished.</p>`}</div>
		<div class="card"><div class="pad">
			${told.name && html`<div class="btns"><h3 class="mono any">${told.name}</h3><span class="muted small">${size(told.size).join(" ")}${told.beganAt && html` · started <time datetime=${told.beganAt} title=${moment(told.beganAt)}>${age(told.beganAt)}</time>`}</span>
				${running && html`<${Button} kind="small danger push" act=${() => setAsks(true)}>Abort import<//>`}</div>`}
			${running && html`<${Steps} phase=${told.phase} />`}
			<${Where} told=${told} />
			${told.phase !== "aborted" && html`<${Counts} counts=${told.counts} />`}
			${!running && html`<div class="btns">${told.phase === "done" && html`<span class="grow"><${After} after=${told.after} /></span>`}<${Button} kind="small push" act=${forget}>${told.phase === "unknown" ? "Forget it" : "Close"}<//></div>`}
		</div><${Problems} problems=${told.problems} running=${running} /></div>
		${asks && html`<${Confirm} title="Abort the import?" safe="Keep importing" doIt="Abort import" close=${() => setAsks(false)}
			text=${`None of the ${told.messages ? `${count(told.messages)} messages read so far` : "messages"} is kept. Your mail is as it was before.`}
			act=${async () => { setAsks(false); await abort().catch((problem) => say(problem.message)) }} />`}</section>`
}

const Steps = ({ phase }) => html`<ol class="btns small muted" role="list">${STEPS.map((step, at) => {
	if (at < AT[phase]) return html`<li key=${step} class="ok"><${Icon} name="ok" /> ${WORDS[step][1]}</li>`
	if (at === AT[phase]) return html`<li key=${step} aria-current="step"><span class="badge note"><span class="dot"></span> ${WORDS[step][0]}</span></li>`
	return html`<li key=${step}>${WORDS[step][0]}</li>`
})}</ol>`

function Where({ told }) {
	switch (told.phase) {
	case "uploading": return html`<${Bar} told=${told} label="Uploaded" text=${`${share(told)} % uploaded${speed(told)}`} />`
	case "connecting": return html`<${Bar} told=${told} label="Import" text=${told.read || told.uploaded === undefined ? "Reconnecting to the import" : "Waiting for news"} />`
	case "reading": return html`<${Bar} told=${told} label="Archive read" text=${told.isLost ? "Reconnecting to the import" : share(told) === undefined ? "Reading the archive" : `${share(told)} % of the archive read`} />`
	case "threading": return html`<${Bar} told=${told} label="Import" text="Matching messages with threads" />`
	case "filing": return html`<${Bar} told=${told} label="Import" text="Adding messages to the account" />`
	case "done": return html`<p class="notice ok" role="status"><${Icon} name="ok" /><span class="grow"><b>${plural(told.messages, "message")} imported</b>${told.skipped ? `, ${count(told.skipped)} that you had already left out` : ""}</span></p>`
	case "aborted": return html`<p class="notice bad" role="alert"><${Icon} name="bad" /><span class="grow"><b>Nothing was imported</b>${told.reason && `: ${told.reason}`}.</span></p>`
	default: return html`<p class="notice warn" role="alert"><${Icon} name="warn" /><span class="grow">The server does not know this import any more. It ended more than a minute ago, or the server was started anew, which aborts imports. Look into your mailboxes whether the mail is there: all of it is, or none.</span></p>`
	}
}

function Bar({ told, label, text }) {
	const done = share(told)
	return html`<progress max="100" value=${done} aria-label=${label}>${done === undefined ? "" : `${done} %`}</progress>
		<p class="btns between small"><span class="muted">${text}</span>
			${told.counts.size > 0 && html`<span><b>${count(told.messages)}</b> messages in ${plural(told.counts.size, "mailbox", "mailboxes")}</span>`}</p>`
}

/** Say how fast an upload is, and how long it will take, once that can be said. */
function speed({ uploaded, size: whole, began }) {
	const seconds = (performance.now() - began) / 1000
	if (seconds < 2 || !uploaded) return ""
	const left = Math.round(((whole - uploaded) / uploaded) * seconds)
	const time = left < 90 ? `${left} s` : left < 5400 ? `${Math.round(left / 60)} min` : `${Math.round(left / 3600)} h`
	return `, ${size(uploaded / seconds).join(" ")} a second, about ${time} left`
}

function Counts({ counts }) {
	const boxes = [...counts]
	if (!boxes.length) return ""
	if (boxes.length <= MOST_TILES) {
		return html`<ul class="counts" role="list">${boxes.map(([name, messages]) => html`<li key=${name}><span class="any">${name}</span><b>${count(messages)}</b></li>`)}</ul>`
	}
	return html`<div class="table-box short-box" tabindex="0" role="region" aria-label="Messages by mailbox"><table class="table">
		<thead><tr><th scope="col">Mailbox</th><th scope="col" class="num">Messages</th></tr></thead>
		<tbody>${boxes.map(([name, messages]) => html`<tr key=${name}><th scope="row" class="any">${name}</th><td class="num">${count(messages)}</td></tr>`)}</tbody></table></div>`
}

/** What follows an import: it can be read at once, and is found and judged by a little later. */
function After({ after }) {
	if (!after) return ""
	if (after.is_over) return html`<span class="muted small">It can be searched${after.learned === null ? "" : ", and the junk filter has learned from it"}.</span>`
	const index = after.to_index === null ? "Preparing it for searches" : after.to_index ? `Preparing it for searches: ${plural(after.to_index, "message")} to go` : "It can be searched"
	const learn = after.learned === null && !after.is_learning ? "" : after.is_learning ? `; the junk filter is learning${after.learned === null ? "" : ` (${plural(after.learned, "message")} so far)`}` : "; the junk filter has learned from it"
	return html`<span class="muted small">You can read your mail now. ${index}${learn}.</span>`
}

const Problems = ({ problems, running }) => problems.length > 0 && html`<details><summary><span class="warn"><${Icon} name="warn" small /> ${plural(problems.length, "problem")}</span>${running ? ", import continues" : " during the import"}</summary>
	<ul class="rows small short-box" role="list" tabindex="0" aria-label="Problems during the import">${problems.map((text, at) => html`<li key=${at}><span class="grow any">${text}</span></li>`)}</ul></details>`
