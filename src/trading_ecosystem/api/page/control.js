// For operators: inject faults and clear them, watch components and start, stop or restart them, hear what happens.
export class Control { constructor(app) { this.app = app; } show() {} }
