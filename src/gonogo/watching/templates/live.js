"use strict";
(() => {
  const body = document.body;
  const said = document.getElementById("said");
  const parts = new Map();
  let { age, patience, every } = { age: Number(body.dataset.age), patience: Number(body.dataset.patience), every: Number(body.dataset.every) };
  let blind = false;
  let told, stood;
  // Two clocks: one stands still while the machine sleeps, the other may be set. The one that says more is believed.
  const news = (seconds) => { told = Date.now() - seconds * 1000; stood = performance.now() - seconds * 1000; };
  const since = () => Math.max(Date.now() - told, performance.now() - stood, 0) / 1000;
  news(age);

  const sign = (seconds) => (seconds < 0 ? "−" : "+");
  const two = (number) => String(number).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.abs(Math.floor(seconds));
    return `T${sign(Math.floor(seconds))}${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  };
  const lasted = (seconds) => (seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`);
  const set = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };
  const say = (word) => { if (said.dataset.word !== word) { said.dataset.word = word; said.textContent = word; } };

  const goBlind = (seconds) => {
    const verdict = document.getElementById("verdict");
    set(verdict.querySelector(".reason"), `Nothing came from the watch for ${lasted(Math.floor(seconds))}: it has stopped, or this browser cannot reach it. Everything below is old.`);
    if (blind) return;
    blind = true;
    verdict.className = "verdict blind";
    verdict.querySelector(".icon").replaceWith(document.getElementById("blind").content.cloneNode(true));
    set(verdict.querySelector("h1"), "BLIND");
    document.title = `BLIND · ${document.title.split(" · ").slice(1).join(" · ")}`;
    say("BLIND");
  };
  const tick = () => {
    const seconds = since();
    const shown = document.querySelector(".clock");
    if (shown.dataset.passed) set(shown, clock(Number(shown.dataset.passed) + seconds));
    set(document.querySelector(".ago"), `Last round ${lasted(Math.floor(seconds))} ago`);
    if (seconds > patience) goBlind(seconds);
  };

  // Parts are replaced where they changed, and never added to: a day leaves as many nodes as a minute.
  const show = (event) => {
    if (event.version !== body.dataset.version) return location.reload();
    ({ patience, every } = event);
    const arrived = document.createElement("template");
    arrived.innerHTML = event.body;
    for (const part of arrived.content.querySelectorAll("[data-part]")) {
      const text = part.outerHTML;
      if (parts.get(part.id) === text && !(blind && part.id === "verdict")) continue;
      parts.set(part.id, text);
      const old = document.getElementById(part.id);
      for (const opened of old.querySelectorAll("details[open]")) {
        const again = part.querySelector(`#${opened.id}`);
        if (again) again.open = true;
      }
      const focused = document.activeElement?.closest("details")?.id;
      const held = focused && old.contains(document.activeElement);
      old.replaceWith(part);
      if (held) document.getElementById(focused)?.querySelector("summary").focus();
    }
    blind = false;
    document.title = event.title;
    news(event.age);
    tick();
    if (!blind) say(document.querySelector("h1").textContent);
  };

  let source, waiting;
  const reload = async () => {
    try {
      const reply = await fetch("live.json", { cache: "no-store" });
      if (reply.ok) show(await reply.json());
    } catch { /* the clock says it: nothing came */ }
  };
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { reload(); connect(); }, Math.min(every, 10) * 1000);
  };
  const connect = () => {
    source?.close();
    if (typeof EventSource === "undefined") return again();
    source = new EventSource("events");
    source.onmessage = (message) => show(JSON.parse(message.data));
    // It comes again by itself after most faults; where it does not (too many listeners), the page asks.
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) again(); };
  };
  setInterval(tick, 1000);
  for (const kind of ["pageshow", "focus"]) addEventListener(kind, tick);
  document.addEventListener("visibilitychange", tick);
  tick();
  if (!blind) say(document.querySelector("h1").textContent);
  connect();
})();
