// AX mode with Node's standard library: bind A, query, set a temporary callee, modify, unbind. Signed in
// generation 2 (AKSK).
//
//   MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey02 APP_SECRET=demoAppSecret02 node ax.js
//
// Over https with a self-signed certificate: NODE_EXTRA_CA_CERTS=var/tls/certificate.pem MASKLINE_URL=https://127.0.0.1:8443
"use strict";

const crypto = require("crypto");
const http = require("http");
const https = require("https");
const querystring = require("querystring");

const baseUrl = new URL(process.env.MASKLINE_URL || "http://127.0.0.1:8000");
const appKey = process.env.APP_KEY || "demoAppKey02";
const appSecret = process.env.APP_SECRET || "demoAppSecret02";
const numberA = process.env.A_NUMBER || "+8613800010001";
const numberB = process.env.B_NUMBER || "+8613800010002";
const areaCode = process.env.AREA_CODE || "0571";
const bindingUri = "/rest/provision/caas/privatenumber/v1.0";
const calleeUri = "/rest/caas/privatenumber/calleenumber/v1.0";

// Base64(HMAC-SHA256(app_secret, Nonce + Created)); toISOString() without its milliseconds.
function buildHeaders() {
  const created = new Date().toISOString().replace(/\.[0-9]+Z$/, "Z");
  const nonce = crypto.randomBytes(16).toString("hex");
  const digest = crypto.createHmac("sha256", appSecret).update(nonce + created).digest("base64");
  return {
    "Content-Type": "application/json;charset=UTF-8",
    Authorization: 'AKSK realm="SDP", profile="UsernameToken", type="Appkey"',
    "X-AKSK": `UsernameToken Username="${appKey}", PasswordDigest="${digest}", Nonce="${nonce}", Created="${created}"`,
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
  const order = { origNum: numberA, privateNumType: "mobile-virtual", areaCode, areaMatchMode: "1", calleeNumDisplay: 0 };
  const { subscriptionId, privateNum } = await call("POST", bindingUri, { body: order });

  const found = await call("GET", bindingUri, { query: { origNum: numberA } });
  check(found.privateNumList.some((one) => one.privateNum === privateNum), "the query does not show the binding");

  await call("PUT", calleeUri, { body: { subscriptionId, calleeNum: numberB } });
  await call("PUT", bindingUri, { body: { privateNum, callDirection: 1, recordFlag: false } });
  const changed = await call("GET", bindingUri, { query: { subscriptionId } });
  check(changed.privateNumList[0].callDirection === 1, "the binding was not modified");

  await call("DELETE", bindingUri, { query: { subscriptionId } });
  await call("DELETE", bindingUri, { query: { subscriptionId }, expected: "1011004" });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
