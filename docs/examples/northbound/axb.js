// AXB mode with Node's standard library: bind A and B, query, modify, unbind. Signed in generation 1 (WSSE).
//
//   MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey01 APP_SECRET=demoAppSecret01 node axb.js
//
// Over https with a self-signed certificate: NODE_EXTRA_CA_CERTS=var/tls/certificate.pem MASKLINE_URL=https://127.0.0.1:8443
"use strict";

const crypto = require("crypto");
const http = require("http");
const https = require("https");
const querystring = require("querystring");

const baseUrl = new URL(process.env.MASKLINE_URL || "http://127.0.0.1:8000");
const appKey = process.env.APP_KEY || "demoAppKey01";
const appSecret = process.env.APP_SECRET || "demoAppSecret01";
const numberA = process.env.A_NUMBER || "+8613800010001";
const numberB = process.env.B_NUMBER || "+8613800010002";
const otherB = process.env.OTHER_NUMBER || "+8613800010003";
const areaCode = process.env.AREA_CODE || "0755";
const uri = "/rest/caas/relationnumber/partners/v1.0";

// Base64(SHA-256(Nonce + Created + app_secret)); toISOString() without its milliseconds.
function buildHeaders() {
  const created = new Date().toISOString().replace(/\.[0-9]+Z$/, "Z");
  const nonce = crypto.randomBytes(16).toString("hex");
  const digest = crypto.createHash("sha256").update(nonce + created + appSecret).digest("base64");
  return {
    "Content-Type": "application/json;charset=UTF-8",
    Authorization: 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
    "X-WSSE": `UsernameToken Username="${appKey}",PasswordDigest="${digest}",Nonce="${nonce}",Created="${created}"`,
  };
}

function call(method, { query, body, expected = "0" }) {
  const options = {
    host: baseUrl.hostname,
    port: baseUrl.port,
    path: uri + (query ? "?" + querystring.stringify(query) : ""),
    method,
    headers: buildHeaders(),
  };
  const library = baseUrl.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const request = library.request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => { text += chunk; });
      response.on("end", () => {
        console.log(method, uri, response.statusCode, text);
        const answer = JSON.parse(text);
        if (answer.resultcode === expected) resolve(answer);
        else reject(new Error(`expected ${expected}, got ${answer.resultcode} ${answer.resultdesc}`));
      });
    });
    request.on("error", reject);
    if (body) request.write(JSON.stringify(body));
    request.end();
  });
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

async function main() {
  const order = { callerNum: numberA, calleeNum: numberB, areaCode, areaMatchMode: "1", duration: 3600, recordFlag: false };
  const bound = await call("POST", { body: order });
  const subscriptionId = bound.subscriptionId;

  const found = await call("GET", { query: { subscriptionId } });
  check(found.totalCount === 1 && found.relationNumList[0].calleeNum === numberB, "the query does not show the binding");

  await call("PUT", { body: { subscriptionId, calleeNum: otherB } });
  const changed = await call("GET", { query: { relationNum: bound.relationNum, calleeNum: otherB } });
  check(changed.relationNumList[0].subscriptionId === subscriptionId, "the binding was not modified");

  await call("DELETE", { query: { subscriptionId } });
  await call("GET", { query: { subscriptionId }, expected: "1012007" });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
