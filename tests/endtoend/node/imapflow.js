// What programs built on ImapFlow ask of a server; prints what it saw as one JSON object.
"use strict";
const { ImapFlow } = require("imapflow");

const [host, port, user, pass] = process.argv.slice(2);
const letter = (n) =>
  Buffer.from(
    `From: a@b.example\r\nTo: ${user}\r\nSubject: flow ${n}\r\nMessage-ID: <flow.${n}@b.example>\r\n\r\nbody ${n}\r\n`,
  );

async function main() {
  const client = new ImapFlow({
    host,
    port: Number(port),
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user, pass },
    logger: false,
    qresync: true,
  });
  const seen = {};
  await client.connect();
  seen.compressed = Boolean(client._inflate);
  seen.capabilities = [...client.capabilities.keys()].sort();
  seen.enabled = [...client.enabled].sort();
  await client.mailboxCreate("Flow");
  seen.listed = (await client.list({ statusQuery: { messages: true } })).map((box) => box.path).sort();
  for (let n = 0; n < 5; n++) {
    const added = await client.append("Flow", letter(n), n ? [] : ["\\Seen"]);
    seen.uid = added.uid;
  }
  const lock = await client.getMailboxLock("Flow");
  try {
    seen.mailboxId = client.mailbox.mailboxId;
    seen.exists = client.mailbox.exists;
    seen.found = await client.search({ subject: "flow" }, { uid: true });
    seen.unseen = await client.search({ seen: false });
    const messages = await client.fetchAll("1:*", {
      uid: true,
      flags: true,
      envelope: true,
      bodyStructure: true,
      internalDate: true,
      size: true,
      threadId: true,
      source: true,
      headers: ["subject"],
    });
    seen.subjects = messages.map((message) => message.envelope.subject);
    seen.sources = messages.every((message) => message.source.length === message.size);
    seen.emailIds = new Set(messages.map((message) => message.emailId)).size;
    seen.threads = messages.every((message) => Boolean(message.threadId));
    const { content } = await client.download("1", "1");
    const pieces = [];
    for await (const piece of content) pieces.push(piece);
    seen.downloaded = Buffer.concat(pieces).toString();
    await client.messageFlagsAdd("2", ["\\Flagged"]);
    await client.messageCopy("1:2", "Archive");
    const moved = await client.messageMove("3", "Archive");
    seen.moved = moved.uidMap.size;
    await client.messageDelete("1");
    seen.left = (await client.search({ all: true })).length;
    seen.quota = await client.getQuota("Flow");
    const arrived = new Promise((resolve) => client.once("exists", resolve));
    const other = new ImapFlow({
      host,
      port: Number(port),
      secure: true,
      tls: { rejectUnauthorized: false },
      auth: { user, pass },
      logger: false,
    });
    await other.connect();
    setTimeout(() => other.append("Flow", letter(9)), 300);
    client.idle();
    seen.pushed = (await arrived).count;
    await other.logout();
  } finally {
    lock.release();
  }
  seen.status = await client.status("Flow", { messages: true, unseen: true, uidNext: true });
  await client.mailboxDelete("Flow");
  await client.logout();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${error.responseText || ""}\n`);
  process.exit(1);
});
