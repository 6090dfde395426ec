// Shows the OpenAPI file, and signs what is tried out (generation 2) with the app_key and app_secret typed above it.
"use strict";

(() => {
  const place = document.getElementById("swagger-ui");
  const key = document.getElementById("signer-key");
  const secret = document.getElementById("signer-secret");
  document.getElementById("signer").addEventListener("submit", (event) => event.preventDefault());
  if (!window.crypto || !window.crypto.subtle) {
    const note = document.getElementById("signer-note");
    note.textContent = note.dataset.impossible;
  }

  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

  const digest = async (message) => {
    const text = new TextEncoder();
    const signer = await crypto.subtle.importKey(
      "raw", text.encode(secret.value), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return base64(await crypto.subtle.sign("HMAC", signer, text.encode(message)));
  };

  const sign = async (request) => {
    if (request.loadSpec || !key.value || !secret.value || !(window.crypto && window.crypto.subtle)) return request;
    const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    const body = (request.headers["X-Content-SHA256"] || "").toLowerCase();
    const created = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    request.headers["Authorization"] = 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"';
    request.headers["X-AKSK"] = `UsernameToken Username="${key.value}", PasswordDigest="${await digest(nonce + body + created)}", `
      + `Nonce="${nonce}", Created="${created}"`;
    request.credentials = "omit";
    return request;
  };

  window.ui = SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    requestInterceptor: sign,
  });
})();
