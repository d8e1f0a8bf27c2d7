from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import ssl
import time

# --- chantier.enrolment
MACHINE_PARAMETER, SERIAL_PARAMETER, CLASS_PARAMETER = ('Machine', 'Serial', 'Class')

# --- chantier.functions.connection
TIMEOUT_S = 5
MAX_HEAD_BYTES = 65536
PIECE_BYTES = 65536
MOST_DIGITS = 12
FIRST_STATUS, FINAL_STATUS, LAST_STATUS = (100, 200, 599)

class BrokenAnswer(OSError):
  pass

class Connection:
  def __init__(self, url):
    scheme, _, rest = url.partition('://')
    self.host = rest.partition('/')[0]
    self._tls = scheme != 'http'
    self._socket = None
  def open(self):
    if self._socket is None:
      self._socket = _connected(self.host, tls=self._tls)
  def ask(self, method, path, headers, body):
    request = _request_bytes(method, path, headers, body)
    keep = False
    try:
      self.open()
      assert self._socket is not None
      self._socket.sendall(request)
      status, answer, keep = read_answer(self._socket.recv)
    finally:
      if not keep:
        self.close()
    return (status, answer)
  def close(self):
    if self._socket is not None:
      self._socket.close()
      self._socket = None

class Incoming:
  def __init__(self, receive):
    self._receive = receive
    self.kept = bytearray()
    self.room = MAX_HEAD_BYTES
  def line(self):
    end = self.kept.find(b'\r\n')
    while end < 0 and len(self.kept) <= self.room:
      self._more()
      end = self.kept.find(b'\r\n')
    line = self.take(end + 2) if end >= 0 else b''
    self.room -= len(line)
    if not line or self.room < 0:
      raise BrokenAnswer(f'more than {MAX_HEAD_BYTES} bytes of headers')
    return line[:-2].decode('latin-1')
  def take(self, size):
    while len(self.kept) < size:
      self._more()
    taken = bytes(self.kept[:size])
    del self.kept[:size]
    return taken
  def rest(self):
    while (piece := self._receive(PIECE_BYTES)):
      self.kept += piece
    return self.take(len(self.kept))
  def _more(self):
    piece = self._receive(PIECE_BYTES)
    if not piece:
      raise BrokenAnswer('the connection ended before the answer did')
    self.kept += piece

def read_answer(receive):
  incoming = Incoming(receive)
  version, status, headers = _answer_head(incoming)
  while status < FINAL_STATUS:
    version, status, headers = _answer_head(incoming)
  said = headers.get('connection', '').lower()
  keep = 'keep-alive' in said if version == 'HTTP/1.0' else 'close' not in said
  length, coding = (headers.get('content-length'), headers.get('transfer-encoding'))
  if coding is not None:
    if coding.lower() != 'chunked' or length is not None:
      raise BrokenAnswer(f'a body that cannot be delimited: {coding[:40]!r}')
    body = _chunked_body(incoming)
  elif length is not None:
    body = incoming.take(_whole_number(length, 10))
  else:
    body, keep = (incoming.rest(), False)
  return (status, body, keep and (not incoming.kept))

def _answer_head(incoming):
  version, _, rest = incoming.line().partition(' ')
  if version not in ('HTTP/1.1', 'HTTP/1.0') or rest[3:4] not in ('', ' '):
    raise BrokenAnswer(f'{version[:40]!r} is not HTTP/1.1')
  status = _whole_number(rest[:3], 10)
  if not FIRST_STATUS <= status <= LAST_STATUS:
    raise BrokenAnswer(f'{status} is not a status')
  headers = {}
  while (line := incoming.line()):
    name, colon, value = line.partition(':')
    if not colon or not name or name.split() != [name]:
      raise BrokenAnswer(f'{line[:40]!r} is not a header')
    name, value = (name.lower(), value.strip(' \t'))
    headers[name] = f'{headers[name]}, {value}' if name in headers else value
  return (version, status, headers)

def _chunked_body(incoming):
  chunks = []
  while (size := _whole_number(incoming.line().partition(';')[0].strip(' \t'), 16)):
    chunks.append(incoming.take(size))
    incoming.room = MAX_HEAD_BYTES
    if incoming.line():
      raise BrokenAnswer('a chunk is longer than it said')
  while incoming.line():
    pass
  return b''.join(chunks)

def _whole_number(text, base):
  if not 0 < len(text) <= MOST_DIGITS or text.lower().strip('0123456789abcdef'[:base]):
    raise BrokenAnswer(f'{text[:40]!r} is not a length or a status')
  return int(text, base)

def _request_bytes(method, path, headers, body):
  lines = [f'{method} {path} HTTP/1.1']
  whole = {**headers, 'accept-encoding': 'identity', 'content-length': str(len(body))}
  lines += [f'{name}: {value}' for name, value in whole.items()]
  for line in lines:
    if not (line.isascii() and line.isprintable()):
      name = line.partition(':')[0]
      raise ValueError(f'not fit for a line of HTTP: {name[:40]!r}')
  if ' ' in method + path:
    raise ValueError(f"a space in a request's first line: {lines[0][:40]!r}")
  return '\r\n'.join((*lines, '', '')).encode('ascii') + body

def _connected(netloc, *, tls):
  name, colon, port = netloc.rpartition(':')
  if not colon or port.endswith(']'):
    name, port = (netloc, '443' if tls else '80')
  host = name.strip('[]').encode('ascii')
  context = _trust() if tls else None
  plain = _reached(host, int(port))
  return context.wrap_socket(plain, server_hostname=host) if context else plain

def _trust():
  context = ssl.create_default_context(cafile=os.environ.get('AWS_CA_BUNDLE'))
  context.minimum_version = ssl.TLSVersion.TLSv1_2
  return context

def _reached(host, port):
  address = (host, port)
  reached = socket.create_connection(address, timeout=TIMEOUT_S)
  reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  return reached

# --- chantier.functions.signed
ATTEMPTS = (0.0, 0.0, 0.2)
SERVER_ERROR, BUSY = (500, 429)
OK = 300

class CallFailed(Exception):
  def __init__(self, code, status, detail):
    super().__init__(f'{code} ({status}): {detail}')
    self.code = code
    self.status = status

def signature(method, url, headers, body, *, service, region, key):
  stamp = headers['x-amz-date']
  names = ';'.join(sorted(headers))
  listed = ''.join((f'{name}:{headers[name].strip()}\n' for name in sorted(headers)))
  digest = hashlib.sha256(body).hexdigest()
  path, _, query = url.partition('://')[2].partition('/')[2].partition('?')
  request = f'{method}\n/{path}\n{query}\n{listed}\n{names}\n{digest}'
  scope = f'{stamp[:8]}/{region}/{service}/aws4_request'
  hashed = hashlib.sha256(request.encode()).hexdigest()
  secret = ('AWS4' + key[1]).encode()
  for part in (stamp[:8], region, service, 'aws4_request'):
    secret = hmac.digest(secret, part.encode(), 'sha256')
  to_sign = f'AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}'
  signed = hmac.digest(secret, to_sign.encode(), 'sha256').hex()
  return f'AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={names}, Signature={signed}'

class Service:
  def __init__(self, name):
    self.name = name
    self.region = os.environ['AWS_REGION']
    at = os.environ.get('AWS_ENDPOINT_URL') or f'https://{name}.{self.region}.amazonaws.com'
    self.url = at.rstrip('/')
    self.connection = Connection(self.url)
  def call(self, method, path, headers, body):
    for attempt, pause in enumerate(ATTEMPTS, 1):
      time.sleep(pause)
      last = attempt == len(ATTEMPTS)
      try:
        status, answer = self._once(method, path, headers, body)
      except OSError as error:
        if last:
          raise CallFailed(type(error).__name__, 0, str(error)) from error
        continue
      if status < OK:
        return answer
      code = _error_code(answer)
      again = status >= SERVER_ERROR or status == BUSY
      if last or not (again or 'Throttl' in code or 'Throughput' in code):
        raise CallFailed(code, status, answer.decode(errors='replace')[:300])
    raise AssertionError
  def _once(self, method, path, headers, body):
    url = self.url + path
    signed = {**headers, 'host': self.connection.host, 'x-amz-date': time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()), 'x-amz-content-sha256': hashlib.sha256(body).hexdigest()}
    if (token := os.environ.get('AWS_SESSION_TOKEN')):
      signed['x-amz-security-token'] = token
    key = (os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY'])
    signed['authorization'] = signature(method, url, signed, body, service=self.name, region=self.region, key=key)
    return self.connection.ask(method, path, signed, body)

def _error_code(answer):
  text = answer.decode(errors='replace')
  if text.startswith('{'):
    return str(json.loads(text).get('__type', '')).rpartition('#')[2]
  return text.partition('<Code>')[2].partition('</Code>')[0] or 'Unknown'

# --- chantier.functions.enrol
NOT_FOUND = 404
SHOWN = 128

class Enrol:
  def __init__(self, settings):
    self.site = settings['site']
    self.machines = {machine: (kind, serial) for kind, machines in settings['classes'].items() for machine, serial in machines.items()}
    self.iot = Service('iot')
  def handle(self, event, _context=None):
    parameters = event.get('parameters') or {}
    machine = str(parameters.get(MACHINE_PARAMETER, ''))
    said = {'machine': machine[:SHOWN], 'claim': event.get('claimCertificateId'), 'certificate': event.get('certificateId')}
    try:
      refused = self._refusal(machine, str(parameters.get(SERIAL_PARAMETER, '')))
    except CallFailed as fault:
      print(json.dumps({**said, 'allowed': False, 'trouble': str(fault)}))
      raise
    said['allowed'] = not refused
    print(json.dumps({**said, 'refused': refused} if refused else said))
    if refused:
      return {'allowProvisioning': False}
    kind = self.machines[machine][0]
    return {'allowProvisioning': True, 'parameterOverrides': {CLASS_PARAMETER: kind}}
  def _refusal(self, machine, serial):
    if machine not in self.machines:
      return 'the site file names no such machine'
    expected = self.machines[machine][1]
    if expected and serial != expected:
      return 'its serial number is not the one of the site file'
    thing = self._iot(f'/things/{machine}')
    if thing is None:
      return ''
    if thing.get('attributes', {}).get('site') != self.site:
      return 'its name belongs to another site, or to nobody of ours'
    principals = self._iot(f'/things/{machine}/principals') or {}
    return 'it has a certificate already' if principals.get('principals') else ''
  def _iot(self, path):
    try:
      answer = json.loads(self.iot.call('GET', path, {}, b''))
    except CallFailed as fault:
      if fault.status == NOT_FOUND:
        return None
      raise
    return answer

SETTINGS = {"site": "zac-des-tilleuls", "classes": {"crawler-excavator": {"EX-001": "", "EX-002": "", "EX-003": "", "EX-004": ""}, "wheel-loader": {"CH-001": "", "CH-002": "", "CH-003": ""}, "articulated-dumper": {"TB-001": "", "TB-002": "", "TB-003": ""}, "roller": {"CO-001": "", "CO-002": ""}}}

handler = Enrol(SETTINGS).handle
