"use strict";
// Ages that count on, figures that change in place, acts as dialogs.  Text is only ever set as text; a fetched page is
// parsed into an inert document, and what changed of it is copied node by node.
(() => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  root.classList.add("js");

  // ── times: the server's clock, counted on ──────────────────────────────────────────────────────
  let now = Date.parse(root.dataset.now), read = performance.now();
  const serverNow = () => now + (performance.now() - read);
  const age = (s) => {
    s = Math.floor(Math.max(0, s));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 172800) { const m = Math.floor((s % 3600) / 60); return `${Math.floor(s / 3600)} h` + (m ? ` ${m} min` : ""); }
    return `${Math.floor(s / 86400)} d`;
  };
  const tick = () => {
    for (const e of document.querySelectorAll("time[data-rel]")) {
      const s = (serverNow() - Date.parse(e.dateTime)) / 1000;
      const text = e.hasAttribute("data-for") ? age(s) : s < 1 ? "just now" : `${age(s)} ago`;
      if (e.textContent !== text) e.textContent = text;
    }
    stale();
  };

  // ── copying what changed ───────────────────────────────────────────────────────────────────────
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName &&
    (a.nodeType !== 1 || (a.dataset?.key === b.dataset?.key && a.id === b.id));
  const KEPT = { DETAILS: ["open"], INPUT: ["value", "checked"] };
  const attributes = (old, fresh) => {
    const kept = KEPT[old.nodeName] || [];
    for (const { name, value } of [...fresh.attributes]) if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) if (!kept.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  };
  const morph = (old, fresh, shown = false) => {
    if (old.nodeType === 3) { if (old.data !== fresh.data) old.data = fresh.data; return; }
    if (old.nodeType !== 1) return;
    if (old.id === "revealed") return;
    attributes(old, fresh);
    if (old.matches("time[data-rel]")) return;
    if (!shown && old.hasAttribute("data-rows") && rows(old, fresh)) return;
    const a = [...old.childNodes].filter((node) => !node.matches?.(".fresh")), b = [...fresh.childNodes];
    b.forEach((node, i) => {
      if (i >= a.length) old.append(document.importNode(node, true));
      else if (alike(a[i], node)) morph(a[i], node);
      else a[i].replaceWith(document.importNode(node, true));
    });
    a.slice(b.length).forEach((node) => node.remove());
  };
  // Rows never move under the pointer or the focus: new ones wait behind a button.
  const rows = (old, fresh) => {
    const keys = (list) => [...list.children].map((e) => e.dataset.key);
    const had = keys(old), has = keys(fresh);
    const same = had.length === has.length && had.every((key, i) => key === has[i]);
    if (same || !(old.matches(":hover") || old.contains(document.activeElement))) { more(old, null); return false; }
    const byKey = new Map([...fresh.children].map((e) => [e.dataset.key, e]));
    for (const e of old.children) if (byKey.has(e.dataset.key)) morph(e, byKey.get(e.dataset.key));
    const added = has.filter((key) => !had.includes(key)).length;
    more(old, added, () => morph(old, fresh, true));
    return true;
  };
  const more = (list, n, show) => {
    const box = list.nodeName === "TBODY" ? list.closest(".tw") : list;
    let button = box.previousElementSibling?.matches?.(".fresh") ? box.previousElementSibling : null;
    if (n === null) { button?.remove(); return; }
    if (!button) { button = document.createElement("button"); button.type = "button"; button.className = "btn s fresh"; box.before(button); }
    button.textContent = n ? `${n} new · show` : "changed · show";
    button.onclick = () => { button.remove(); show(); };
  };

  // ── asking for new figures ─────────────────────────────────────────────────────────────────────
  const every = Number(document.body.dataset.every || 0) * 1000;
  const BACK_OFF = [5000, 10000, 30000];
  let failures = 0, timer = 0, paused = false, asking = null, over = "";
  const bar = $("stale");
  const stale = () => {
    if (!bar) return;
    const s = (serverNow() - now) / 1000;
    const shown = over !== "" || failures > 0;
    bar.hidden = !shown;
    root.classList.toggle("stale", shown);
    for (const b of document.querySelectorAll("[data-act]")) b.disabled = shown;
    if (!shown) return;
    const wait = BACK_OFF[Math.min(failures, BACK_OFF.length) - 1] / 1000;
    const text = over || `No new figures for ${age(s)}. What you see is from ${root.dataset.clock}. Trying again every ${wait} s.`;
    if (bar.textContent !== text) bar.textContent = text;
  };
  const take = (page) => {
    const before = document.querySelector("[data-verdict]")?.textContent;
    const main = page.querySelector("main");
    if (!main) throw new Error("no page");
    now = Date.parse(page.documentElement.dataset.now); read = performance.now();
    for (const one of ["csrf", "clock"]) root.dataset[one] = page.documentElement.dataset[one];
    morph(document.querySelector("main"), main);
    for (const part of ["nav", "footer", ".asof time"]) {
      const old = document.querySelector(part), fresh = page.querySelector(part);
      if (old && fresh) morph(old, fresh);
    }
    if (page.title) document.title = page.title;
    const after = document.querySelector("[data-verdict]")?.textContent;
    if (before !== after) $("live").textContent = after;
  };
  const ask = async () => {
    clearTimeout(timer);
    if (asking || over || document.hidden || (paused && failures === 0)) return;
    asking = new AbortController();
    const slow = setTimeout(() => { $("asking").textContent = "Still asking …"; }, 3000);
    const limit = setTimeout(() => asking.abort(), 8000);
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "error", signal: asking.signal });
      if (answer.status === 401) over = "Signed out. Sign in again in another tab; nothing you typed is lost.";
      else if (!answer.ok) throw new Error(String(answer.status));
      else take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      failures = 0;
    } catch { failures += 1; } finally {
      clearTimeout(slow); clearTimeout(limit); asking = null; $("asking").textContent = "";
    }
    tick();
    next();
  };
  const next = () => {
    if (!every || over || (paused && failures === 0)) return;
    timer = setTimeout(ask, failures ? BACK_OFF[Math.min(failures, BACK_OFF.length) - 1] : every);
  };
  const pause = $("pause");
  if (pause && !every) pause.hidden = true;
  pause?.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on with updates" : "Pause updates";
    clearTimeout(timer);
    if (!paused) ask();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && every && !paused) ask(); });

  // ── acts ───────────────────────────────────────────────────────────────────────────────────────
  const dialog = $("act");
  let opener = null, act = null;
  const post = async (url, body) => {
    const answer = await fetch(url, {
      method: "POST", redirect: "error", signal: AbortSignal.timeout(15000), body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-Streams-CSRF": root.dataset.csrf || "" },
    });
    if (answer.status === 401) throw new Error("Signed out after 12 h. Sign in again in another tab; nothing you typed is lost.");
    const told = await answer.json();
    if (told.error) throw new Error(told.error);
    return told.data;
  };
  const say = (text) => { $("act-answer").textContent = text; };
  const open = (button) => {
    opener = button;
    const id = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
    act = { url: button.dataset.post, body: { ...JSON.parse(button.dataset.body), act: id }, done: false };
    const fields = button.dataset.fields ? changed($(button.dataset.fields)) : null;
    if (fields) act.body.fields = fields;
    const label = button.textContent.replace(" …", "");
    $("act-title").textContent = `${button.dataset.title}?`;
    for (const part of ["what", "outside", "undo", "command"]) $(`act-${part}`).textContent = button.dataset[part];
    $("act-quantity-row").hidden = button.dataset.ask !== "quantity";
    $("act-quantity").value = "";
    if (fields) {
      const said = Object.entries(fields).map(([name, value]) => `${name} = ${value === null ? "empty" : value}`);
      $("act-what").textContent += said.length ? ` ${said.join(", ")}.` : " none yet. Change a field first.";
      $("act-command").textContent += Object.entries(fields).map(([name, value]) => ` --set ${quoted(`${name}=${value ?? ""}`)}`).join("");
    }
    const confirm = button.dataset.confirm || "";
    $("act-confirm-row").hidden = confirm === "";
    $("act-confirm-what").textContent = confirm;
    $("act-confirm").value = "";
    $("act-do").textContent = label;
    $("act-do").className = button.classList.contains("d") ? "btn d" : "btn p";
    $("act-do").hidden = false;
    $("act-do").disabled = button.dataset.ask === "quantity" || confirm !== "" || (fields !== null && !Object.keys(fields).length);
    $("act-cancel").textContent = "Go back";
    say("");
    dialog.showModal();
    (button.classList.contains("d") ? $("act-cancel") : $("act-reason")).focus();
  };
  // What a person changed; an emptied field is null.
  const changed = (box) => Object.fromEntries([...box.querySelectorAll("input")]
    .filter((input) => input.value.trim() !== input.dataset.was)
    .map((input) => [input.name, input.value.trim() || null]));
  const quoted = (text) => /^[\w.=:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const follow = async (id) => {
    for (;;) {
      await new Promise((go) => setTimeout(go, 1000));
      const answer = await fetch(`/api/v1/acts/${encodeURIComponent(id)}`, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      const told = await answer.json();
      if (told.error) throw new Error(`It goes on at another worker; the list shows what is left. ${told.error}`);
      if (told.data.state !== "running") return told.data;
      if (act?.body.act === id) say(`${told.data.done} of ${told.data.total} … You may leave this page: it goes on.`);
    }
  };
  const preview = async () => {
    const { sku, location: place, bucket } = act.body;
    const asked = new URLSearchParams({ sku, location: place, bucket, quantity: $("act-quantity").value });
    say("Asking …");
    try {
      const answer = await fetch(`${act.url}?${asked}`, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      const told = await answer.json();
      if (told.error) throw new Error(told.error);
      act.body.before = told.data.before; act.body.quantity = told.data.after;
      say(told.data.says);
      $("act-do").disabled = false;
    } catch (error) { say(error.message); $("act-do").disabled = true; }
  };
  const carryOut = async () => {
    const reason = $("act-reason").value.trim();
    if (reason.length < 3) { say("Give a reason of at least 3 characters."); $("act-reason").focus(); return; }
    $("act-do").disabled = true;
    say("Asking …");
    try {
      const mine = act.body.act;
      let told = await post(act.url, { ...act.body, reason });
      if (told.state === "running") told = await follow(told.id);
      if (act.body.act !== mine) return;
      if (told.state === "failed" || told.state === "refused") throw new Error(told.text);
      if (told.letter) reveal(told); else if (told.people) people(told); else say(`${told.state === "already" ? "Already done" : "Done"}: ${told.text}`);
      act.done = true;
      $("act-do").hidden = true;
      $("act-cancel").textContent = "Close";
      $("act-reason").value = "";
      $("act-cancel").focus();
      if (every) setTimeout(ask, 1200);
    } catch (error) { say(error.message); $("act-do").disabled = false; }
  };
  const reveal = (told) => {
    const decoded = told.decoded.error ? [["decoded", told.decoded.error]] : told.decoded.fields;
    const all = [["key", told.letter.key], ["message", told.letter.detail], ...decoded, ...told.headers];
    show([...all.map(([name, value]) => `${name}: ${value}`), "",
      ...told.bytes_hex.map((row) => `${row.at}  ${row.hex.padEnd(47)}  ${row.text}`)]);
  };
  const people = (told) => show(told.people.map(([name, value]) => `${name}: ${value}`));
  const show = (lines) => {
    const box = $("revealed");
    box.textContent = lines.join("\n");
    box.hidden = false;
    say("Shown on the page for 5 min.");
    setTimeout(() => { box.textContent = ""; box.hidden = true; }, 300000);
  };
  if (dialog) {
    $("act-do").addEventListener("click", carryOut);
    $("act-preview").addEventListener("click", preview);
    $("act-quantity").addEventListener("input", () => { $("act-do").disabled = true; });
    $("act-cancel").addEventListener("click", () => dialog.close());
    $("act-confirm").addEventListener("input", () => { $("act-do").disabled = $("act-confirm").value !== $("act-confirm-what").textContent; });
    dialog.addEventListener("close", () => opener?.focus());
    dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-act]");
    if (button) { open(button); return; }
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    try { await navigator.clipboard.writeText(copy.dataset.copy); copy.textContent = "Copied"; $("live").textContent = "Copied"; }
    catch { copy.textContent = "Select it"; }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });

  // ── paper ──────────────────────────────────────────────────────────────────────────────────────
  let shut = [];
  addEventListener("beforeprint", () => { shut = [...document.querySelectorAll("details:not([open])")]; shut.forEach((d) => { d.open = true; }); });
  addEventListener("afterprint", () => shut.forEach((d) => { d.open = false; }));
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  tick();
  setInterval(tick, 1000);
  next();
})();
