// POST with `room`, a new line and a text: the text is told to all in the room.
export function changes(tell) {
  return (request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces).toString();
      const end = body.indexOf("\n");
      if (end > 0) tell(body.slice(0, end), body.slice(end + 1));
      response.end();
    });
  };
}
