// AXE mode with Node's standard library: bind A to an extension of X, query, modify, unbind. Signed in generation 1 (WSSE).
//
//   MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey03 APP_SECRET=demoAppSecret03 node axe.js
//
// Over https with a self-signed certificate: NODE_EXTRA_CA_CERTS=var/tls/certificate.pem MASKLINE_URL=https://127.0.0.1:8443
"use strict";

const crypto = require("crypto");
const http = require("http");
const https = require("https");
const querystring = require("querystring");

const baseUrl = new URL(process.env.MASKLINE_URL || "http://127.0.0.1:8000");
const appKey = process.env.APP_KEY || "demoAppKey03";
const appSecret = process.env.APP_SECRET || "demoAppSecret03";
const numberA = process.env.A_NUMBER || "+8613800010001";
const numberB = process.env.B_NUMBER || "+8613800010002";
const areaCode = process.env.AREA_CODE || "010";
const bindingUri = "/rest/caas/extendnumber/v1.0";

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

function call(method, uri, { query, body, expected = "0" }) {
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
  const order = { bindNum: numberA, areaCode, areaMatchMode: "1", callbackNum: numberB, timeUnit: "1", bindExpiredTime: 60 };
  const { subscriptionId, virtualNum, extendNum } = await call("POST", bindingUri, { body: order });

  const found = await call("GET", bindingUri, { query: { virtualNum, extendNum } });
  check(found.bindNum === numberA && found.bindExpiredTime === 60, "the query does not show the binding");

  await call("PUT", bindingUri, { body: { virtualNum, extendNum, callbackNum: "", displayNumMode: "1" } });
  const changed = await call("GET", bindingUri, { query: { subscriptionId } });
  check(!changed.callbackNum && changed.displayNumMode === "1", "the binding was not modified");

  await call("DELETE", bindingUri, { query: { subscriptionId } });
  await call("GET", bindingUri, { query: { subscriptionId }, expected: "1012007" });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
