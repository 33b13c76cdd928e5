/* Streamlit's WebSocket over plain HTTP, where an edge refuses the upgrade. The wire is described in docs/http-stream.md.
   Stands in for window.WebSocket, and only for Streamlit's own stream: the native one first, ours when it cannot open. */
(() => {
  const Native = window.WebSocket
  const always = document.currentScript?.dataset.mode === "always"
  const HEAD = 13, DATA = 1, CLOSE = 2
  const ABNORMAL = 1006, TOO_BIG = 1009
  const NATIVE_MS = 3000          // an edge that neither accepts nor refuses
  const HELLO_MS = 4000           // no HELLO by then: something on the way buffers
  const HIDDEN_MS = 5000          // how often a hidden tab asks
  const MOST_FAILURES = 8
  const MOST_BATCH = 1 << 20      // bytes of one POST, unless one message is larger
  const stats = (window.__httpStream = { transport: null, gets: 0, posts: 0, polls: 0, errors: 0 })

  // What this tab has learnt. A WebSocket that once worked will work again, so its failure is the server's, not the edge's.
  const memory = {
    get: name => { try { return sessionStorage.getItem("http-stream:" + name) } catch { return null } },
    set: (name, value) => { try { sessionStorage.setItem("http-stream:" + name, value) } catch { /* private browsing */ } },
  }
  const pause = ms => new Promise(done => setTimeout(done, ms))
  const backOff = failures => pause(Math.min(4000, 100 * 2 ** failures))

  /* Cuts a stream of chunks into frames; each byte is copied once, however small the chunks are. */
  class FrameReader {
    chunks = []
    size = 0
    head = null
    push(chunk) { this.chunks.push(chunk); this.size += chunk.length }
    next() {
      if (!this.head) {
        if (this.size < HEAD) return null
        const view = new DataView(this.take(HEAD).buffer)
        this.head = { size: view.getUint32(0), number: Number(view.getBigUint64(4)), kind: view.getUint8(12) }
      }
      if (this.size < this.head.size) return null
      const frame = { ...this.head, payload: this.take(this.head.size) }
      this.head = null
      return frame
    }
    take(count) {
      const taken = new Uint8Array(count)
      let filled = 0
      while (filled < count) {
        const chunk = this.chunks[0], wanted = count - filled
        if (chunk.length <= wanted) { taken.set(chunk, filled); filled += chunk.length; this.chunks.shift() }
        else { taken.set(chunk.subarray(0, wanted), filled); this.chunks[0] = chunk.subarray(wanted); filled = count }
      }
      this.size -= count
      return taken
    }
  }

  function encoded(number, payload) {
    const frame = new Uint8Array(HEAD + payload.length), view = new DataView(frame.buffer)
    view.setUint32(0, payload.length)
    view.setBigUint64(4, BigInt(number))
    view.setUint8(12, DATA)
    frame.set(payload, HEAD)
    return frame
  }

  class Socket extends EventTarget {
    static CONNECTING = 0
    static OPEN = 1
    static CLOSING = 2
    static CLOSED = 3
    protocol = ""
    extensions = ""
    binaryType = "arraybuffer"
    readyState = 0
    native = null
    channel = null
    acknowledged = 0
    number = 0
    failures = 0                  // GETs in a row that brought nothing
    outbox = []
    isSending = false

    constructor(url, protocols = []) {
      super()
      this.url = String(url)
      this.protocols = [].concat(protocols)
      this.base = this.url.replace(/^ws/, "http").replace(/_stcore\/stream$/, "_http_stream/")
      for (const name of ["open", "message", "error", "close"]) this.addEventListener(name, event => this["on" + name]?.(event))
      if (always || memory.get("upgrade") === "refused") this.openOverHttp()
      else this.openNative()
    }
    get bufferedAmount() { return this.native ? this.native.bufferedAmount : this.outbox.reduce((sum, frame) => sum + frame.length, 0) }

    openNative() {
      const socket = (this.native = new Native(this.url, this.protocols))
      socket.binaryType = this.binaryType
      let settled = false
      const fallBack = () => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        this.native = null
        socket.close()
        if (this.readyState === 0) this.openOverHttp()
      }
      const timer = setTimeout(fallBack, NATIVE_MS)
      socket.onopen = () => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        memory.set("upgrade", "worked")
        this.opened("websocket", socket.protocol)
      }
      socket.onmessage = event => this.dispatchEvent(new MessageEvent("message", { data: event.data }))
      socket.onerror = () => { if (!settled) fallBack(); else if (this.native) this.dispatchEvent(new Event("error")) }
      socket.onclose = event => { if (!settled) fallBack(); else if (this.native) this.ended(event.code, event.reason, event.wasClean) }
    }

    call(operation, options = {}) {
      return fetch(this.base + operation, {
        credentials: "same-origin", cache: "no-store", ...options,
        headers: { "x-channel": this.channel ?? "new", ...options.headers },
      })
    }

    async openOverHttp() {
      try {
        const headers = { "content-type": "application/json" }
        const answer = await this.call("open", { method: "POST", headers, body: JSON.stringify({ protocols: this.protocols }) })
        if (!answer.ok) throw new Error(`open: ${answer.status}`)
        const { id, protocol } = await answer.json()
        this.channel = id
        this.leave = () => this.call("close", { method: "POST", keepalive: true }).catch(() => {})
        if (this.readyState !== 0) { this.leave(); return }
        if (!always && memory.get("upgrade") !== "worked") memory.set("upgrade", "refused")
        addEventListener("pagehide", this.leave)
        this.opened("http", protocol ?? "")
        this.receive()
      } catch {
        if (this.readyState !== 0) return
        this.dispatchEvent(new Event("error"))
        this.ended(ABNORMAL)
      }
    }

    opened(transport, protocol) {
      stats.transport = transport
      this.protocol = protocol
      this.readyState = 1
      this.dispatchEvent(new Event("open"))
    }

    /* The way down: one GET after another, each resuming after the last frame that arrived. */
    async receive() {
      // HTTP/1.1 gives a browser six connections per host, so a hidden tab holds none: it asks now and then.
      const turned = () => document.hidden ? this.request?.abort() : this.wake?.()
      document.addEventListener("visibilitychange", turned)
      while (this.readyState === 1) {
        const request = (this.request = new AbortController())
        try {
          await this.receiveOnce(request)
          if (document.hidden && this.readyState === 1) await this.sleepWhileHidden()
        } catch {
          if (this.readyState !== 1) break
          if (request.signal.aborted) continue
          stats.errors++
          if (++this.failures > MOST_FAILURES) this.ended(ABNORMAL)
          else if (this.failures > 1) await backOff(this.failures)
        }
      }
      document.removeEventListener("visibilitychange", turned)
    }

    async receiveOnce(request) {
      const poll = memory.get("buffered") === "yes" || document.hidden
      const wait = document.hidden ? "&wait=0" : ""
      const noHello = () => { memory.set("buffered", "yes"); request.abort() }
      const timer = poll ? 0 : setTimeout(noHello, HELLO_MS)
      stats.gets++
      if (poll) stats.polls++
      try {
        const answer = await this.call(`recv?ack=${this.acknowledged}${poll ? "&mode=poll" : ""}${wait}`, { signal: request.signal })
        if (answer.status === 410) { this.ended(ABNORMAL); return }
        if (!answer.ok) throw new Error(`recv: ${answer.status}`)
        const body = answer.body.getReader(), frames = new FrameReader()
        if (poll) this.failures = 0
        for (;;) {
          const { done, value } = await body.read()
          if (done) return
          this.failures = 0
          frames.push(value)
          for (let frame; (frame = frames.next()) && this.readyState === 1;) {
            clearTimeout(timer)
            this.take(frame)
          }
        }
      } finally {
        clearTimeout(timer)
      }
    }

    take({ number, kind, payload }) {
      if ((kind !== DATA && kind !== CLOSE) || number <= this.acknowledged) return
      this.acknowledged = number
      if (kind === CLOSE) this.ended((payload[0] << 8) | payload[1])
      else this.dispatchEvent(new MessageEvent("message", { data: payload.buffer }))
    }

    async sleepWhileHidden() {
      await Promise.race([new Promise(done => { this.wake = done }), pause(HIDDEN_MS)])
      this.wake = null
    }

    /* The way up: frames wait in the outbox until the server has said that it has them. */
    send(data) {
      if (this.native) { this.native.send(data); return }
      if (this.readyState !== 1) throw new DOMException("not open", "InvalidStateError")
      const payload = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      this.outbox.push(encoded(++this.number, payload))
      if (!this.isSending) this.flush()
    }

    async flush() {
      this.isSending = true
      for (let failures = 0; this.outbox.length && this.readyState === 1;) {
        let count = 1
        for (let size = this.outbox[0].length; count < this.outbox.length; count++) {
          size += this.outbox[count].length
          if (size > MOST_BATCH) break
        }
        try {
          stats.posts++
          const answer = await this.call("send", { method: "POST", body: new Blob(this.outbox.slice(0, count)) })
          if ([400, 409, 410, 413].includes(answer.status)) { this.ended(answer.status === 413 ? TOO_BIG : ABNORMAL); break }
          if (!answer.ok) throw new Error(`send: ${answer.status}`)
          this.outbox.splice(0, count)
          failures = 0
        } catch {
          stats.errors++
          if (++failures > MOST_FAILURES) this.ended(ABNORMAL)
          else await backOff(failures)
        }
      }
      this.isSending = false
    }

    close(code, reason) {
      if (this.readyState >= 2) return
      if (this.native) { this.readyState = 2; this.native.close(code, reason); return }
      if (this.channel) this.leave()
      this.ended(code ?? 1000, reason, true)
    }

    ended(code, reason = "", wasClean = code !== ABNORMAL) {
      if (this.readyState === 3) return
      this.readyState = 3
      this.native = null
      this.request?.abort()
      this.wake?.()
      if (this.leave) removeEventListener("pagehide", this.leave)
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }))
    }
  }

  window.WebSocket = new Proxy(Native, {
    construct: (target, args, newTarget) =>
      /\/_stcore\/stream$/.test(String(args[0])) ? new Socket(...args) : Reflect.construct(target, args, newTarget),
  })
})()
