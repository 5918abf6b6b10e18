// The sections of the page, in the order of the navigation. A new one is a line here and a file in `pages/`.
import { Address } from "./pages/address.js"
import { Attempts } from "./pages/attempts.js"
import { Developers } from "./pages/developers.js"
import { Devices } from "./pages/devices.js"
import { Filtering } from "./pages/filtering.js"
import { Identity } from "./pages/identity.js"
import { Overview } from "./pages/overview.js"
import { Sending } from "./pages/sending.js"

// `short` is its word in the bar of a phone, which has room for five.
export const SECTIONS = [
	{ at: "overview", label: "Overview", short: "Overview", icon: "home", Page: Overview },
	{ at: "identity", label: "Name and addresses", icon: "user", Page: Identity },
	{ at: "devices", label: "Sign-in and devices", short: "Devices", icon: "key", Page: Devices },
	{ at: "sign-ins", label: "Sign-ins", short: "Sign-ins", icon: "clock", Page: Attempts },
	{ at: "filtering", label: "Filtering", short: "Filtering", icon: "filter", Page: Filtering },
	{ at: "sending", label: "Sending", short: "Sending", icon: "send", Page: Sending },
	{ at: "developers", label: "Developers", icon: "code", Page: Developers },
]

// Pages behind a section, whose address goes on with what they are about.
export const DETAILS = [{ at: "address", of: "identity", label: "Address", Page: Address }]
