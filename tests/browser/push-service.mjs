// A push service on this machine, as Mozilla's speaks: browsers subscribe over a WebSocket, applications send by RFC 8030. It
// checks what an application's server must get right (RFC 8292), and keeps what came for the story to look at.
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const fromUrl = (text) => Buffer.from(text, 'base64url');

/** The signature, audience and end of a VAPID header (RFC 8292 3), and the key it was made with. */
function vapid(header, origin) {
  const [, token, key] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(header ?? '') ?? [];
  if (!token) return { fault: `no vapid: ${header}` };
  const [head, claims, signature] = token.split('.');
  const point = fromUrl(key);
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const by = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), by, fromUrl(signature))) return { fault: 'the signature is wrong' };
  const { aud, exp, sub } = JSON.parse(fromUrl(claims));
  const left = exp - Date.now() / 1000;
  if (aud !== origin) return { fault: `for ${aud}, not ${origin}` };
  if (!(left > 0 && left <= 24 * 3600)) return { fault: `ends in ${left} s` };
  if (!/^(mailto|https):/.test(sub)) return { fault: `the subject is ${sub}` };
  return { key };
}

/** One that listens on this port. */
export async function pushService(port = 0) {
  const channels = new Map(); // id → the browser's socket and the application's key
  const service = { registered: 0, messages: [], acks: [], faults: [], gone: false, down: false };
  const server = createServer((request, answer) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const end = (status, fault) => {
        if (fault) service.faults.push(fault);
        answer.writeHead(status, { location: `${service.origin}/message/1` }).end();
      };
      if (service.down) return request.socket.destroy();
      const id = request.url.replace('/push/', '');
      const channel = channels.get(id);
      if (service.gone || !channel) return end(410);
      const body = Buffer.concat(parts);
      const said = vapid(request.headers.authorization, service.origin);
      if (said.fault) return end(403, said.fault);
      if (said.key !== channel.key) return end(403, 'another key than the subscription was made for');
      if (request.method !== 'POST' || request.headers['content-encoding'] !== 'aes128gcm') return end(400, 'no aes128gcm');
      if (!/^\d+$/.test(request.headers.ttl ?? '')) return end(400, 'no TTL');
      if (body.length > 4096) return end(413, 'too long');
      service.messages.push({ headers: request.headers, body });
      channel.socket.send(JSON.stringify({
        messageType: 'notification', channelID: id, version: String(Date.now()), data: body.toString('base64url'),
        headers: { encoding: 'aes128gcm' },
      }));
      end(201);
    });
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (text) => {
      const said = JSON.parse(text);
      const reply = (answer) => socket.send(JSON.stringify({ messageType: said.messageType, status: 200, ...answer }));
      if (said.messageType === 'hello') reply({ uaid: 'f00d', use_webpush: true });
      if (said.messageType === 'register') {
        service.registered += 1;
        channels.set(said.channelID, { socket, key: said.key?.replace(/=+$/, '') });
        reply({ channelID: said.channelID, pushEndpoint: `${service.origin}/push/${said.channelID}` });
      }
      if (said.messageType === 'unregister') {
        channels.delete(said.channelID);
        reply({ channelID: said.channelID });
      }
      if (said.messageType === 'ack') service.acks.push(...said.updates.map((update) => update.code));
    });
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  service.origin = `http://127.0.0.1:${server.address().port}`;
  service.close = () => server.close();
  return service;
}
