// A published book, kept as docs/streams.md says: a snapshot, then differences whose update numbers follow each other.

export class Book {
  constructor() {
    this.forget();
  }

  forget() {
    this.lastUpdate = null;
    this.bids = new Map();
    this.asks = new Map();
  }

  // Takes one message; false where something is missing before it.
  take(message) {
    if (message.type === "DepthSnapshot") {
      this.forget();
    } else if (this.lastUpdate === null || message.first_update !== this.lastUpdate + 1) {
      this.forget();
      return false;
    }
    for (const side of ["bids", "asks"]) {
      for (const [price, quantity] of message[side]) {
        if (quantity === "0") this[side].delete(price);
        else this[side].set(price, quantity);
      }
    }
    this.lastUpdate = message.last_update;
    return true;
  }

  // Levels of a side, nearest to the middle first.
  levels(side) {
    const sign = side === "bids" ? -1 : 1;
    return [...this[side]].sort((one, other) => sign * (Number(one[0]) - Number(other[0])));
  }
}
