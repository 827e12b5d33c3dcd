// socket.io with its own rooms, over websockets from the start, as its documents advise for many clients.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { changes } from "./changes.js";

const server = createServer(changes((room, text) => sockets.to(room).emit("change", JSON.parse(text))));
const sockets = new Server(server, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
sockets.on("connection", (socket) => {
  socket.on("join", (room) => {
    socket.join(room);
    socket.emit("joined");
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", 1024);
