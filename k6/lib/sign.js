// Signs requests as crates/rules-payment/src/signature.rs says: six lines joined by line feeds, HMAC-SHA256, hex.
import { hmac, sha256, randomBytes } from 'k6/crypto';
import encoding from 'k6/encoding';

const VERSION = 'MOALOG-HMAC-SHA256-V1';

// The string that is signed. `pathAndQuery` as it is sent, `timestamp` in seconds since 1970.
export function canonical(method, pathAndQuery, timestamp, nonce, body) {
  return [VERSION, method, pathAndQuery, timestamp, nonce, sha256(body || '', 'hex')].join('\n');
}

export function signature(secret, method, pathAndQuery, timestamp, nonce, body) {
  return hmac('sha256', secret, canonical(method, pathAndQuery, timestamp, nonce, body), 'hex');
}

// The four headers of a signed request.
export function signedHeaders(key, method, pathAndQuery, body) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = encoding.b64encode(randomBytes(24), 'rawurl');
  return {
    'X-Api-Key': key.id,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Signature': signature(key.secret, method, pathAndQuery, timestamp, nonce, body),
  };
}

// The worked example of the Rust side; a scenario refuses to start when this script computes something else.
export function assertTestVector() {
  const body = '{"merchantId":"M-1001","amount":10000,"currency":"KRW","idempotencyKey":"order-1"}';
  const got = signature(
    'ck6KP7GwnIElXaxM-giiohMnEDaMMC4D83UaEimGdEM',
    'POST',
    '/api/payments/authorize?trace=a%20b',
    '1767225600',
    '3f1c9a7e5b2d4860',
    body,
  );
  if (got !== 'fe03972a097c7d67260dc180778a7dd93203c21c4fa88b9a1548b929596d5def') {
    throw new Error(`the test vector gives ${got}`);
  }
}
