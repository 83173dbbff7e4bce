// One WebSocket: logs in with its first message, subscribes, checks that numbers have no gap, and comes back when it is lost.

const SLOWEST = 15000;

export class Stream {
  constructor(path, token, told) {
    this.path = path;
    this.token = token;
    this.told = told; // told(state, detail): "open", "lost" or "refused"
    this.wanted = new Map(); // our id -> { filter, hear, number, subscription }
    this.heard = new Map(); // the server's subscription -> our entry
    this.next = 1;
    this.wait = 500;
    this.ended = false;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket.addEventListener("open", () => this.send({ op: "login", token: this.token }));
    this.socket.addEventListener("message", (event) => this.take(JSON.parse(event.data)));
    this.socket.addEventListener("close", (event) => this.closed(event));
  }

  close() {
    this.ended = true;
    this.socket?.close(1000);
  }

  // Hear a channel. hear(message, isNew) is called for every message; isNew after a new beginning, when state has to be forgotten.
  subscribe(filter, hear) {
    const id = String(this.next++);
    this.wanted.set(id, { filter, hear, number: 0, subscription: null, fresh: true });
    if (this.ready) this.ask(id);
    return id;
  }

  unsubscribe(id) {
    const entry = this.wanted.get(id);
    this.wanted.delete(id);
    if (entry?.subscription && this.ready) {
      this.heard.delete(entry.subscription);
      this.send({ op: "unsubscribe", subscription: entry.subscription });
    }
  }

  // Something is missing: begin this subscription again, with a new snapshot.
  restart(id) {
    const entry = this.wanted.get(id);
    if (!entry) return;
    this.unsubscribe(id);
    Object.assign(entry, { number: 0, subscription: null, fresh: true });
    this.wanted.set(id, entry);
    if (this.ready) this.ask(id);
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  ask(id) {
    this.send({ op: "subscribe", id, ...this.wanted.get(id).filter });
  }

  take(messages) {
    for (const message of messages) {
      if (message.op !== undefined) this.answered(message);
      else this.deliver(message);
    }
  }

  answered(answer) {
    if (answer.problem) {
      this.told("problem", answer.problem.detail);
    } else if (answer.op === "login") {
      this.ready = true;
      this.wait = 500;
      this.heard.clear();
      this.told("open", answer);
      for (const [id, entry] of this.wanted) {
        Object.assign(entry, { number: 0, subscription: null, fresh: true });
        this.ask(id);
      }
    } else if (answer.op === "subscribe") {
      const entry = this.wanted.get(answer.id);
      if (entry) {
        entry.subscription = answer.subscription;
        this.heard.set(answer.subscription, { id: answer.id, entry });
      } else this.send({ op: "unsubscribe", subscription: answer.subscription });
    }
  }

  deliver(message) {
    const found = this.heard.get(message.subscription);
    if (!found) return;
    const { id, entry } = found;
    if (message.number !== entry.number + 1) {
      this.restart(id);
      return;
    }
    entry.number = message.number;
    const fresh = entry.fresh;
    entry.fresh = false;
    if (entry.hear(message, fresh) === "gap") this.restart(id);
  }

  closed(event) {
    this.ready = false;
    if (this.ended) return;
    if (event.code === 4401 || event.code === 4403) {
      this.told("refused", event.reason);
      return;
    }
    this.told("lost", event.reason);
    setTimeout(() => this.ended || this.open(), this.wait);
    this.wait = Math.min(2 * this.wait, SLOWEST);
  }
}
