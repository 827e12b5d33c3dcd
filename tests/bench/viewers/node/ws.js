// node's ws: a frame made once per change by its own Sender, and the same bytes written to every socket's transport
// would leave its interface; `send` of one Buffer is what it offers.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { changes } from "./changes.js";

const rooms = new Map();

const server = createServer(
  changes((room, text) => {
    const frame = Buffer.from(text);
    for (const socket of rooms.get(room) ?? []) socket.send(frame, { binary: false });
  }),
);
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.once("message", (name) => {
    const room = name.toString();
    if (!rooms.has(room)) rooms.set(room, new Set());
    rooms.get(room).add(socket);
    socket.on("close", () => rooms.get(room).delete(socket));
    socket.send("joined");
  });
  socket.send("connected");
});
server.listen(Number(process.argv[2]), "127.0.0.1", 1024);
