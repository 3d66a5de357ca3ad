const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

/**
 * A proxy to a port or Unix socket of this machine that breaks connections on demand. A fault lasts
 * until `heal()` and is for the connections there are and those that come.
 * @param {number | string} target
 * @param {string} [path] a Unix socket to listen on instead of a port
 */
const startProxy = async (target, path) => {
  const pairs = new Set()
  let fault = {}
  let accepted = 0

  const close = (pair) => {
    pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }

  const stall = (pair) => {
    pair.client.pause()
    pair.server.pause()
  }

  /** What becomes of a connection on which a word comes that `trip` waits for, see there. */
  const ways = {
    unsent: close,
    unanswered: (pair, chunk) => {
      pair.share = 0
      pair.server.write(chunk)
    },
    cut: (pair, chunk) => {
      pair.share = 1 / 2
      pair.server.write(chunk)
    },
    late: (pair, chunk) => {
      Object.assign(pair, { isHalfOpen: true, held: [chunk] })
      pair.client.destroy()
    },
    silent: stall
  }

  /** What becomes of bytes on their way to the server. */
  const forward = (pair, chunk) => {
    if (pair.held) {
      pair.held.push(chunk)
    } else if (fault.word && chunk.includes(fault.word)) {
      const { way } = fault
      fault = {}
      ways[way](pair, chunk)
    } else if (fault.crawls) {
      trickle(pair.client, pair.server, chunk)
    } else {
      pair.server.write(chunk)
    }
  }

  /** What becomes of bytes on their way to the client. */
  const pass = (pair, chunk) => {
    if (pair.share !== undefined) {
      // Nothing that overtakes what is late.
      const size = pair.late.length > 0 ? 0 : pair.share * chunk.length
      pair.server.pause()
      pair.client.end(chunk.subarray(0, size), () => close(pair))
    } else if (fault.garbage) {
      pair.client.write(fault.garbage)
    } else if (fault.cutAfter !== undefined) {
      const left = fault.cutAfter - pair.passed
      pair.client.write(chunk.subarray(0, left))
      if (chunk.length >= left) pair.client.end(() => close(pair))
    } else if (fault.piece && !fault.crawls) {
      trickle(pair.server, pair.client, chunk)
    } else if (fault.delay || pair.late.length > 0) {
      pair.late.push(chunk)
      setTimeout(deliver, fault.delay, pair)
    } else {
      pair.client.write(chunk)
    }
    pair.passed += chunk.length
  }

  /** The first of what is late. */
  const deliver = (pair) => {
    const chunk = pair.late.shift()
    if (chunk && !pair.client.destroyed) pair.client.write(chunk)
  }

  const trickle = async (from, to, chunk) => {
    const { piece, pause } = fault
    from.pause()
    for (let at = 0; at < chunk.length; at += piece) {
      to.write(chunk.subarray(at, at + piece))
      await sleep(pause)
    }
    from.resume()
  }

  const connect = (client) => {
    if (client.destroyed) return
    const server =
      typeof target === 'string' ? net.connect(target) : net.connect(target, '127.0.0.1')
    const pair = { client, server, passed: 0, late: [] }
    pairs.add(pair)
    client.setNoDelay(true)
    client.on('data', (chunk) => forward(pair, chunk))
    server.on('data', (chunk) => pass(pair, chunk))
    for (const socket of [client, server]) {
      socket.on('error', () => {})
      socket.on('close', () => pair.isHalfOpen || close(pair))
    }
    if (fault.stall) stall(pair)
    else client.resume()
  }

  const listener = net.createServer({ pauseOnConnect: true }, (client) => {
    accepted++
    client.on('error', () => {})
    if (fault.slowAccept) setTimeout(connect, fault.slowAccept, client)
    else connect(client)
  })
  const listen = async (port) => {
    if (path) listener.listen(path)
    else listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }
  await listen(0)
  const { port } = listener.address()

  const drop = () => pairs.forEach(close)

  return {
    url: path ? `unix://${encodeURI(path)}` : `redis://127.0.0.1:${port}`,
    /** How many connections came so far. */
    get accepted() {
      return accepted
    },
    /** Ends every connection. */
    drop,
    /** Nothing passes any more, either way. */
    stall: () => {
      fault = { stall: true }
      pairs.forEach(stall)
    },
    /** Each connection ends once it has brought so many bytes. */
    cutAfter: (bytes) => {
      for (const pair of pairs) pair.passed = 0
      fault = { cutAfter: bytes }
    },
    /** Replies come so many ms late. */
    delay: (ms) => {
      fault = { delay: ms }
    },
    /** Replies come in pieces of so many bytes, each so many ms after the one before. */
    trickle: (piece, pause) => {
      fault = { piece, pause }
    },
    /** So does what is sent to the server. */
    crawl: (piece, pause) => {
      fault = { piece, pause, crawls: true }
    },
    /** Replies are replaced by these bytes. */
    garble: (bytes) => {
      fault = { garbage: bytes }
    },
    /**
     * The next connection that sends `word` ends: `unsent`, before the server has what was sent with
     * it; `late`, so too, and the server gets that with `release`; `unanswered`, once the server has
     * answered; `cut`, in the middle of the answer. Or it is `silent` from there on.
     */
    trip: (word, way) => {
      fault = { word, way }
    },
    /** The far side is gone and nobody says so. */
    halfOpen: () => {
      for (const pair of pairs) {
        pair.isHalfOpen = true
        pair.server.destroy()
        pair.client.once('close', () => close(pair))
      }
    },
    /** What is sent on the connections there are is kept back, also when their client is gone. */
    hold: () => {
      for (const pair of pairs) Object.assign(pair, { isHalfOpen: true, held: [] })
    },
    /** Delivers it and ends these connections. Resolves to how many those were, once they are closed. */
    release: async () => {
      for (const pair of pairs) {
        if (pair.held?.length === 0) Object.assign(pair, { isHalfOpen: false, held: undefined })
      }
      const late = [...pairs].filter(({ held }) => held?.length > 0)
      for (const pair of late) {
        const { server, held } = pair
        if (!server.destroyed) {
          server.end(Buffer.concat(held))
          await once(server, 'close')
        }
        close(pair)
      }
      return late.length
    },
    /** New connections wait so many ms. */
    acceptSlowly: (ms) => {
      fault = { slowAccept: ms }
      drop()
    },
    /** Nothing listens any more. */
    refuse: async () => {
      if (!listener.listening) return
      const closed = once(listener, 'close')
      listener.close()
      drop()
      await closed
    },
    heal: async () => {
      const wasStalled = fault.stall
      fault = {}
      for (const pair of pairs) while (pair.late.length > 0) deliver(pair)
      if (!listener.listening) await listen(port)
      if (wasStalled)
        for (const { client, server } of pairs) [client, server].map((s) => s.resume())
    },
    stop: () => {
      listener.close()
      drop()
    }
  }
}

module.exports = { startProxy }
