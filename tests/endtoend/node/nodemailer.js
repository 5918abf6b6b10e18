// Submits what programs built on Nodemailer submit; prints what it was told as one JSON object.
"use strict";
const fs = require("node:fs");
const nodemailer = require("nodemailer");

const [host, port, user, pass, ca, to] = process.argv.slice(2);

async function main() {
  const transport = nodemailer.createTransport({
    host,
    port: Number(port),
    requireTLS: true,
    tls: { ca: fs.readFileSync(ca) },
    auth: { user, pass },
    pool: true,
  });
  await transport.verify();
  const told = [];
  for (const [n, recipient] of to.split(",").entries()) {
    const info = await transport.sendMail({
      from: { name: "Jürg Müller", address: user },
      to: recipient,
      bcc: "hidden@good.insecure.example",
      subject: `Grüße ${n}`,
      text: "schöne grüße\n.\n",
      html: "<p>schöne grüße</p>",
      attachments: [{ filename: "größe.bin", content: Buffer.alloc(20000, n) }],
      dsn: { id: "from-node", return: "headers", notify: ["failure", "delay"], recipient: user },
    });
    told.push(info.response);
  }
  transport.close();
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
