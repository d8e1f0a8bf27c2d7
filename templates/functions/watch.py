from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import ssl
import time
import unicodedata
from bisect import bisect_right
from collections import namedtuple
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from urllib.parse import urlencode

# --- chantier.errors

class ChantierError(Exception):
  def __init__(self, message, hint=''):
    super().__init__(message)
    self.message = message
    self.hint = hint
  def __str__(self):
    return f'{self.message}\n{self.hint}' if self.hint else self.message

class Malformed(ChantierError):
  pass

# --- chantier.telemetry

def probe_name(site):
  return f'probe-{site}'

def format_time(t):
  return datetime.fromtimestamp(t, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')

# --- chantier.decoding
HUGE = 10 ** 40
FIRST_T, LAST_T = (946684800, 4102444800)

def parse_time(text):
  if not isinstance(text, str):
    raise Malformed(f't is {_kind(text)}, expected a UTC time such as 2026-11-22T09:14:05Z')
  try:
    when = datetime.fromisoformat(text)
  except ValueError:
    when = None
  if when is None or when.utcoffset() is None or (not FIRST_T <= when.timestamp() < LAST_T):
    raise Malformed(f't is {text[:40]!r}, expected a UTC time such as 2026-11-22T09:14:05Z')
  return int(when.timestamp())

def _kind(value):
  if value is None:
    return 'null or missing'
  if isinstance(value, int) and abs(value) >= HUGE:
    return 'a huge number'
  if isinstance(value, bool | int | float | str):
    return json.dumps(value)[:40]
  return {'list': 'a list', 'dict': 'an object'}.get(type(value).__name__, 'of a strange type')

# --- chantier.detection.memory
MEMORY_VERSION = 2
READABLE = (1, MEMORY_VERSION)
REFRESH_S = 300
LOW_PCT = 1.0
SEEN_H = 0.25

Track = namedtuple('Track', 'level held since opened_at calm worst base readings last', defaults=(0, (), 0, 0, 0, None, 0.0, 0, 0))

Mark = namedtuple('Mark', 't pct hours', defaults=(None,))

Memory = namedtuple('Memory', 't seq heard engine_on lat lon parked levels low fuel hours cycles service_h tracks', defaults=(0, 0, 0, 0, None, None, None, (), None, None, None, None, None, ()))

Event = namedtuple('Event', 'kind code fault severity level t since opened_at value limit unit lat lon readings')

def material(before, after, events=()):
  if any((event.kind != 'update' for event in events)):
    return True
  if max(after.t - before.t, after.heard - before.heard) >= REFRESH_S:
    return True
  moving = before._replace(t=after.t, seq=after.seq, heard=after.heard, lat=after.lat, lon=after.lon, levels=after.levels if _as_full(before.levels, after.levels) else before.levels, low=after.low if _near(before.low, after.low, LOW_PCT) else before.low, fuel=after.fuel if _near(before.fuel, after.fuel, LOW_PCT) else before.fuel, hours=after.hours if _near(before.hours, after.hours, SEEN_H) else before.hours, cycles=after.cycles, tracks=after.tracks)
  return moving != after or _standing(before) != _standing(after)

def worth_telling(before, after, events):
  if after.t // REFRESH_S != before.t // REFRESH_S:
    return events
  worst = {(name, track.opened_at): track.worst for name, track in before.tracks}
  return tuple((event for event in events if event.kind != 'update' or worst.get((f'{event.code}:{event.fault}'.rstrip(':'), event.opened_at)) != event.value))

def _standing(memory):
  return [(name, _decisive(track)) for name, track in memory.tracks]

def _decisive(track):
  if not track.level:
    return track
  pending = track.held[track.level:]
  return track._replace(held=pending, readings=0, last=track.last if any(pending) else 0)

def _as_full(before, after):
  return [mark[1:] for mark in before] == [mark[1:] for mark in after]

def _near(before, after, step):
  if before is None or after is None:
    return before is after
  return abs(before - after) < step

def dump(memory):
  said = {name: value for name, value in memory._asdict().items() if value is not None}
  body = {'v': MEMORY_VERSION, **said, 'tracks': dict(memory.tracks)}
  return json.dumps(body, separators=(',', ':'))

def load(text):
  if text is None:
    return Memory()
  try:
    body = json.loads(text)
    version = body.pop('v', None)
    if version in READABLE:
      return _memory_of(body)
  except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as fault:
    raise ValueError(f'detection memory cannot be read: {fault}') from fault
  raise ValueError(f'detection memory is not of version {MEMORY_VERSION}')

def _memory_of(body):
  known = {name: body[name] for name in Memory._fields if name in body}
  for name in ('parked', 'cycles'):
    if name in known:
      known[name] = tuple(known[name])
  marks, tracks = (known.pop('levels', ()), known.pop('tracks', {}))
  levels = tuple((Mark(*one[:len(Mark._fields)]) for one in marks))
  followed = tuple(((name, _track_of(values)) for name, values in tracks.items()))
  return Memory(**known, levels=levels, tracks=followed)

def _track_of(values):
  level, held, *rest = values[:len(Track._fields)]
  return Track(level, tuple(held), *rest)

# --- chantier.detection.condition
ANY_RPM = 1000000000.0
COMPARE = {
  '>=': ge, '>': gt, '<=': le, '<': lt,
}

Level = namedtuple('Level', 'severity limit for_s')

Condition = namedtuple('Condition', 'code field unit opens clears levels clear clear_for_s inhibit_s engine above_rpm up_to_rpm gap_s fault absolute stops', defaults=(30, True, -1.0, ANY_RPM, 120, '', False, False))

def step(rule, track, value, t):
  past = COMPARE[rule.opens]
  broken = bool(rule.gap_s) and bool(track.last) and (t - track.last > rule.gap_s)
  last = t if rule.gap_s else 0
  before = track.held if len(track.held) == len(rule.levels) else (0,) * len(rule.levels)
  held = tuple((0 if not past(value, level.limit) else t if broken or not since else since for level, since in zip(rule.levels, before, strict=True)))
  reached = max((index for index, (level, since) in enumerate(zip(rule.levels, held, strict=True), 1) if since and t - since >= level.for_s), default=0)
  if track.level:
    return _while_open(rule, track._replace(held=held, last=last), reached, value, t)
  if not reached:
    return ('', Track(held=held, last=last) if any(held) else Track())
  since = min((start for start in held if start))
  base = rule.levels[0].limit
  track = Track(reached, held, since, opened_at=t, worst=value, base=base, readings=1)
  return ('open', track._replace(last=last))

def _while_open(rule, track, reached, value, t):
  base = rule.levels[0].limit
  margin, before = (value - base, (track.worst or 0.0) - track.base)
  if margin > before if rule.opens.startswith('>') else margin < before:
    track = track._replace(worst=value, base=base)
  track = track._replace(readings=track.readings + 1)
  if reached > track.level:
    return ('escalate', track._replace(level=reached, calm=0))
  if base < track.base or not COMPARE[rule.clears](value, rule.clear):
    return ('update', track._replace(calm=0))
  calm = track.calm or t
  if t - calm >= rule.clear_for_s:
    return ('close', track._replace(calm=calm))
  return ('update', track._replace(calm=calm))

# --- chantier.detection.chassis
TILT = {
  'roll_warning': 10.0, 'roll_critical': 15.0, 'pitch_warning': 25.0, 'pitch_critical': 30.0,
  'for_s': 5, 'critical_for_s': 2, 'margin': 2.0, 'clear_for_s': 10,
}
OVERSPEED = {
  'limit': 25.0, 'for_s': 10, 'clear': 20.0,
}

def tilt(numbers):
  return (_lean('roll', numbers), _lean('pitch', numbers))

def _lean(field, numbers):
  warning, critical = (numbers[f'{field}_warning'], numbers[f'{field}_critical'])
  return Condition(code='TILT', fault=field, field=field, absolute=True, unit='°', opens='>=', levels=(Level('warning', warning, int(numbers['for_s'])), Level('critical', critical, int(numbers['critical_for_s']))), clears='<=', clear=warning - numbers['margin'], clear_for_s=int(numbers['clear_for_s']), inhibit_s=-1, engine=False, gap_s=0)

def overspeed(numbers):
  return (Condition(code='OVERSPEED', field='spd_kmh', unit='km/h', opens='>', levels=(Level('info', numbers['limit'], int(numbers['for_s'])),), clears='<', clear=numbers['clear'], clear_for_s=0, inhibit_s=-1, stops=True),)

# --- chantier.detection.engine
COOLANT_HIGH = {
  'warning': 109.0, 'critical': 111.0, 'stop': 114.0, 'for_s': 10, 'clear': 104.0,
  'clear_for_s': 120, 'inhibit_s': 30,
}
HYD_TEMP_HIGH = {
  'warning': 95.0, 'critical': 100.0, 'for_s': 120, 'critical_for_s': 60, 'clear': 90.0,
  'clear_for_s': 300, 'inhibit_s': 30,
}
OIL_PRESS_LOW = {
  'idle': 100.0, 'work': 200.0, 'work_rpm': 1500.0, 'margin': 50.0, 'for_s': 0, 'inhibit_s': 15,
}

def coolant_high(numbers):
  for_s = int(numbers['for_s'])
  levels = (Level('warning', numbers['warning'], for_s), Level('critical', numbers['critical'], for_s), Level('critical', numbers['stop'], for_s))
  return (_hot('COOLANT_HIGH', 'cool_c', numbers, levels),)

def hyd_temp_high(numbers):
  levels = (Level('warning', numbers['warning'], int(numbers['for_s'])), Level('critical', numbers['critical'], int(numbers['critical_for_s'])))
  return (_hot('HYD_TEMP_HIGH', 'hyd_c', numbers, levels),)

def _hot(code, field, numbers, levels):
  return Condition(code=code, field=field, unit='°C', opens='>=', levels=levels, clears='<', clear=numbers['clear'], clear_for_s=int(numbers['clear_for_s']), inhibit_s=int(numbers['inhibit_s']), engine=False)

def oil_press_low(numbers):
  turn = numbers['work_rpm']
  return (_oil(numbers, numbers['idle'], above_rpm=-1.0, up_to_rpm=turn), _oil(numbers, numbers['work'], above_rpm=turn, up_to_rpm=ANY_RPM))

def _oil(numbers, limit, *, above_rpm, up_to_rpm):
  return Condition(code='OIL_PRESS_LOW', field='oil_kpa', unit='kPa', opens='<', levels=(Level('critical', limit, int(numbers['for_s'])),), clears='>=', clear=limit + numbers['margin'], clear_for_s=0, inhibit_s=int(numbers['inhibit_s']), engine=True, above_rpm=above_rpm, up_to_rpm=up_to_rpm)

# --- chantier.detection.rules

Opening = namedtuple('Opening', 'offsets week off', defaults=(frozenset(),))

Rules = namedtuple('Rules', 'limits conditions tank_l zones opening vgp_due', defaults=(0.0, (), None, 0))

# --- chantier.detection.told
NOT_FOLLOWED = Track()
FORGET = 'forget'

class Told(namedtuple('Told', 'kind code track severity fault limit unit', defaults=('info', '', None, ''))):
  __slots__ = ()
  @property
  def name(self):
    return f'{self.code}:{self.fault}' if self.fault else self.code

# --- chantier.detection.faults
DTC = 'DTC'
FAULT_CODE = {
  'absent_for_s': 60.0, 'restart_s': 30.0,
}

# --- chantier.detection.fuel
FUEL_DROP = {
  'litres': 10.0, 'percent': 3.0, 'within_s': 600,
}
REFUEL = {
  'litres': 20.0, 'percent': 15.0, 'over_s': 300,
}

# --- chantier.detection.idling
IDLE_LONG = {
  'info_s': 300.0, 'warning_s': 900.0, 'work_s': 30.0, 'truck_wait_s': 600.0,
}

# --- chantier.detection.off_hours
OFF_HOURS = {
  'for_s': 300.0,
}
ANY_OFFSET = 100000

def ahead_of_utc(opening, t):
  index = bisect_right(opening.offsets, (t, ANY_OFFSET))
  return opening.offsets[max(index - 1, 0)][1]

# --- chantier.detection.place
GEOFENCE_EXIT = {
  'for_s': 60, 'accuracy_m': 5.0,
}
TOW = {
  'metres': 100.0,
}

# --- chantier.detection.silence
NO_SIGNAL = {
  'running_s': 900.0, 'parked_s': 172800.0,
}
SILENCE_SEVERITIES = ('info', 'warning')

def follow_silence(memory, now, rules, track):
  if track is not None or not memory.heard:
    return
  running = memory.engine_on > 0
  limit_s = int(rules.limits['NO_SIGNAL']['running_s' if running else 'parked_s'])
  opens = memory.heard + limit_s + REFRESH_S
  if now >= opens:
    since = memory.heard
    fresh = Track(1 + running, (), since, opened_at=opens, worst=limit_s // 60)
    yield Told('open', 'NO_SIGNAL', fresh, SILENCE_SEVERITIES[running], unit='min')

# --- chantier.detection.supplies
FUEL_LOW = {
  'warning': 15.0, 'critical': 5.0, 'for_s': 300, 'clear': 20.0,
}
DEF_LOW = {
  'warning': 10.0, 'critical': 5.0, 'for_s': 60, 'clear': 15.0,
}
BATT_LOW = {
  'info': 24.8, 'warning': 24.0, 'critical': 23.0, 'clear': 25.2, 'for_s': 60,
}
BATT_HIGH = {
  'warning': 29.6, 'clear': 29.0, 'for_s': 60,
}

def fuel_low(numbers):
  return (_tank('FUEL_LOW', 'fuel_pct', numbers),)

def def_low(numbers):
  return (_tank('DEF_LOW', 'def_pct', numbers),)

def _tank(code, field, numbers):
  for_s = int(numbers['for_s'])
  return Condition(code=code, field=field, unit='%', opens='<=', levels=(Level('warning', numbers['warning'], for_s), Level('critical', numbers['critical'], for_s)), clears='>=', clear=numbers['clear'], clear_for_s=0, engine=False, gap_s=0)

def batt_low(numbers):
  return (_battery('BATT_LOW', numbers, '<', '>', ('info', 'warning', 'critical')),)

def batt_high(numbers):
  return (_battery('BATT_HIGH', numbers, '>', '<', ('warning',)),)

def _battery(code, numbers, opens, clears, severities):
  for_s = int(numbers['for_s'])
  return Condition(code=code, field='batt_v', unit='V', opens=opens, levels=tuple((Level(severity, numbers[severity], for_s) for severity in severities)), clears=clears, clear=numbers['clear'], clear_for_s=0, engine=False, gap_s=0)

# --- chantier.detection.upkeep
SERVICE_DUE = {
  'every_h': 250.0, 'before_h': 25.0,
}
VGP_DUE = {
  'before_days': 30.0,
}
VGP_SEVERITIES = ('warning', 'critical')
SECONDS_A_DAY = 86400

def follow_inspection(now, rules, track):
  since = rules.vgp_due - int(rules.limits['VGP_DUE']['before_days'] * SECONDS_A_DAY)
  level = sum((now >= at for at in (since, rules.vgp_due))) if rules.vgp_due else 0
  if track is not None and (not level or track.base != rules.vgp_due):
    yield Told('close', 'VGP_DUE', track, VGP_SEVERITIES[track.level - 1])
    track = None
  if level and (told := rise(track or Track(), level, since, now)):
    fresh = told[1]._replace(base=float(rules.vgp_due))
    yield Told(told[0], 'VGP_DUE', fresh, VGP_SEVERITIES[level - 1])

def rise(track, level, since, t):
  if level <= track.level:
    return None
  risen = track._replace(level=level, since=track.since or since, opened_at=track.opened_at or t, readings=track.readings + 1)
  return ('escalate' if track.level else 'open', risen)

# --- chantier.detection.catalogue
DEFAULTS = {
  'COOLANT_HIGH': COOLANT_HIGH, 'HYD_TEMP_HIGH': HYD_TEMP_HIGH, 'OIL_PRESS_LOW': OIL_PRESS_LOW,
  'FUEL_LOW': FUEL_LOW, 'FUEL_DROP': FUEL_DROP, 'REFUEL': REFUEL, 'DEF_LOW': DEF_LOW,
  'IDLE_LONG': IDLE_LONG, 'OFF_HOURS': OFF_HOURS, 'GEOFENCE_EXIT': GEOFENCE_EXIT, 'TOW': TOW,
  'BATT_LOW': BATT_LOW, 'BATT_HIGH': BATT_HIGH, 'TILT': TILT, 'OVERSPEED': OVERSPEED,
  'DTC': FAULT_CODE, 'NO_SIGNAL': NO_SIGNAL, 'SERVICE_DUE': SERVICE_DUE, 'VGP_DUE': VGP_DUE,
}
CONDITIONS = {
  'COOLANT_HIGH': coolant_high, 'HYD_TEMP_HIGH': hyd_temp_high, 'OIL_PRESS_LOW': oil_press_low,
  'FUEL_LOW': fuel_low, 'DEF_LOW': def_low, 'BATT_LOW': batt_low, 'BATT_HIGH': batt_high,
  'TILT': tilt, 'OVERSPEED': overspeed,
}
VOLTS = {
  'BATT_LOW': ('info', 'warning', 'critical', 'clear'), 'BATT_HIGH': ('warning', 'clear'),
}

def rules_for(limits=None, *, volts=24, tank_l=0.0, zones=(), opening=None, vgp_due=0):
  merged = {code: dict(numbers) for code, numbers in DEFAULTS.items()}
  for code, names in VOLTS.items():
    for name in names:
      merged[code][name] *= volts / 24
  for code, numbers in (limits or {}).items():
    merged[code].update(numbers)
  filled = (condition for code, fill in CONDITIONS.items() for condition in fill(merged[code]))
  return Rules(merged, tuple(filled), tank_l, zones, opening, vgp_due)

# --- chantier.detection.observe

def keep(tracks, told):
  if told.kind in ('close', FORGET) or told.track == NOT_FOLLOWED:
    tracks.pop(told.name, None)
  else:
    tracks[told.name] = told.track

def event_of(told, now, t):
  track = told.track
  return Event(kind=told.kind, code=told.code, fault=told.fault, severity=told.severity, level=track.level, t=t, since=track.since, opened_at=track.opened_at, value=track.worst, limit=told.limit, unit=told.unit, lat=now.lat, lon=now.lon, readings=track.readings)

# --- chantier.detection.passing

def pass_time(memory, now, rules):
  tracks = dict(memory.tracks)
  told = [*follow_silence(memory, now, rules, tracks.get('NO_SIGNAL')), *follow_inspection(now, rules, tracks.get('VGP_DUE'))]
  return _apply(memory, told, now)

def _apply(memory, told, t):
  if not told:
    return (memory, ())
  tracks = dict(memory.tracks)
  for one in told:
    keep(tracks, one)
  events = tuple((event_of(one, memory, max(t, one.track.opened_at)) for one in told))
  return (memory._replace(tracks=tuple(sorted(tracks.items()))), events)

# --- chantier.detection.sentence
SATURATED = 126
HOURS_FROM_MIN = 120

def sentence(event, words, *, machine, zone, clock):
  frame, code = (words['frame'], event.code)
  when = words['when'].get(code, words['when'][''])[0]
  return frame['sentence'][0].format(machine=machine, what=_what(event, words), when=when.format(since=clock(event.since, frame['time'][0])), zone=frame['zone'][0].format(zone=zone) if zone else '', todo=phrase(words['todo'], code, event.fault, event.level))

def phrase(table, code, fault, level):
  texts = table.get(f'{code}/{fault}') or table[code]
  return texts[min(level, len(texts)) - 1]

def named_fault(fault, count, words):
  code, _, source = fault.partition('@')
  spn, _, fmi = code.partition('-')
  if not (spn.isdecimal() and fmi.isdecimal()):
    return fault
  frame = words['frame']
  about, wrong = (words['spn'].get(int(spn)), words['fmi'].get(int(fmi), f'FMI {fmi}'))
  named = frame['named'][0].format(spn=about, fmi=wrong) if about else wrong
  said = f'{code} ({named})'
  if source:
    said += frame['source'][0].format(source=source)
  if count is not None and 0 < count <= SATURATED:
    said += frame['count'][count == SATURATED].format(count=int(count))
  return said

def _what(event, words):
  decimal = words['frame']['decimal'][0]
  known = {'unit': event.unit}
  if event.fault:
    dtc = event.code == DTC
    known['fault'] = named_fault(event.fault, event.value, words) if dtc else event.fault
  if event.value is not None:
    known['value'] = _figure(event.value, decimal)
    known['amount'] = _amount(event.value, event.unit, decimal)
  if event.limit is not None:
    known['limit'] = _figure(event.limit, decimal)
  try:
    return phrase(words['what'], event.code, event.fault, event.level).format_map(known)
  except KeyError:
    return phrase(words['title'], event.code, event.fault, event.level)

def _amount(value, unit, decimal):
  if unit == 'min' and value >= HOURS_FROM_MIN:
    hours, minutes = divmod(round(value), 60)
    return f'{hours} h {minutes} min' if minutes else f'{hours} h'
  return f'{_figure(value, decimal)} {unit}'.strip()

def _figure(value, decimal):
  size = abs(value)
  places = 0 if size >= 1000 else 1 if size >= 100 else 2
  text = f'{round(value, places) + 0.0:.{places}f}'
  return (text.rstrip('0').rstrip('.') if places else text).replace('.', decimal)

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

def dynamodb(service, operation, request):
  headers = {'content-type': 'application/x-amz-json-1.0', 'x-amz-target': f'DynamoDB_20120810.{operation}'}
  answer = json.loads(service.call('POST', '/', headers, json.dumps(request).encode()))
  return answer

def _error_code(answer):
  text = answer.decode(errors='replace')
  if text.startswith('{'):
    return str(json.loads(text).get('__type', '')).rpartition('#')[2]
  return text.partition('<Code>')[2].partition('</Code>')[0] or 'Unknown'

# --- chantier.records
MACHINE = 'machine'
KEY = 'key'
MEMORY = 'MEMORY'
OPEN_SITE = 'open_site'
TELL_SITE = 'tell_site'
TELL_AT = 'tell_at'
TOLD_AT = 'told_at'
CLOSED_AT = 'closed_at'
ACKED_AT = 'acked_at'
NOTE = 'note'
TELL_INDEX = 'tell'
EXPIRES_AT = 'expires_at'
REMEMBERED = 'memory'
REVISION = 'version'
TOLD = 'TOLD#'
SEVERITY = 'severity'
LEVEL = 'level'
WHOLE_SITE = '#site'
STORM = 'STORM#'
UNTIL = 'until'
TOLD_MACHINES = 'told'
PRIORITIES = {
  'critical': 'high', 'warning': 'medium', 'info': 'low',
}

class Alert(namedtuple('Alert', 'machine code fault site severity level since opened_at last_seen_at closed_at value limit unit lat lon readings sentence acked_at note found_late', defaults=(None, None, False))):
  __slots__ = ()
  @property
  def key(self):
    return key_of(self.opened_at, self.code, self.fault)
  @property
  def priority(self):
    return PRIORITIES[self.severity]
  @property
  def id(self):
    parts = (self.machine, self.code, *((self.fault,) if self.fault else ()), self.opened_at)
    return '/'.join(parts)
  def as_dict(self):
    said = self._asdict()
    lat, lon = (said.pop('lat'), said.pop('lon'))
    said['position'] = None if lat is None or lon is None else {'lat': lat, 'lon': lon}
    state = 'closed' if self.closed_at else 'open'
    return {'id': self.id, 'state': state, 'priority': self.priority, **said}

def key_of(opened_at, code, fault):
  return f'ALERT#{opened_at}#{code}#{fault}'

def to_item(alert):
  item = {KEY: {'S': alert.key}}
  for name, value in alert._asdict().items():
    if isinstance(value, str):
      item[name] = {'S': value}
    elif isinstance(value, bool):
      if value:
        item[name] = {'BOOL': value}
    elif value is not None:
      item[name] = {'N': repr(value)}
  if alert.closed_at is None:
    item[OPEN_SITE] = {'S': alert.site}
  return item

def from_item(item):
  values = dict.fromkeys(('closed_at', 'value', 'limit', 'lat', 'lon', 'acked_at', 'note'))
  values['found_late'] = False
  for name in Alert._fields:
    if name in item:
      kind, said = next(iter(item[name].items()))
      values[name] = _from_text(said) if kind == 'N' else said
  missing = ', '.join(sorted(set(Alert._fields) - set(values)))
  if missing:
    raise KeyError(f'not an alert: no {missing}')
  return Alert(**values)

def _from_text(text):
  return float(text) if '.' in text or 'e' in text.lower() else int(text)

# --- chantier.functions.alerts
CONFLICTS = ('ConditionalCheckFailedException', 'TransactionCanceledException', 'TransactionConflictException')
DAY = 86400
MOST_ALERTS = 99
MOST_READ, READ_TRIES, PAUSE_S = (100, 8, 0.1)

class Table:
  def __init__(self, name, *, alert_days):
    self.name = name
    self._keep_s = alert_days * DAY
    self.service = Service('dynamodb')
    with suppress(OSError):
      self.service.connection.open()
  def memory(self, machine):
    found = dynamodb(self.service, 'GetItem', {'TableName': self.name, 'Key': item_key(machine, MEMORY), 'ConsistentRead': True}).get('Item')
    if not found:
      return (None, 0)
    return (found[REMEMBERED]['S'], int(found[REVISION]['N']))
  def items(self, keys, names):
    asked = {f'#{index}': name for index, name in enumerate(names)}
    wanted = {'ProjectionExpression': ', '.join(asked), 'ExpressionAttributeNames': asked}
    for first in range(0, len(keys), MOST_READ):
      left = keys[first:first + MOST_READ]
      for attempt in range(READ_TRIES):
        time.sleep(attempt * PAUSE_S)
        request = {'RequestItems': {self.name: {'Keys': left, **wanted}}}
        answer = dynamodb(self.service, 'BatchGetItem', request)
        yield from answer['Responses'].get(self.name, ())
        left = answer.get('UnprocessedKeys', {}).get(self.name, {}).get('Keys', [])
        if not left:
          break
      else:
        raise CallFailed('UnprocessedKeys', 0, f'{len(left)} items of {self.name}')
  def keep(self, machine, memory, version, alerts):
    put = {'TableName': self.name, 'Item': {**item_key(machine, MEMORY), REMEMBERED: {'S': dump(memory)}, REVISION: {'N': str(version + 1)}}, 'ConditionExpression': 'attribute_not_exists(#k) OR #v = :v', 'ExpressionAttributeNames': {'#k': KEY, '#v': REVISION}, 'ExpressionAttributeValues': {':v': {'N': str(version)}}}
    try:
      if alerts:
        items = [{'Put': put}, *({'Update': self._update(*one)} for one in alerts)]
        dynamodb(self.service, 'TransactWriteItems', {'TransactItems': items})
      else:
        dynamodb(self.service, 'PutItem', put)
    except CallFailed as refused:
      if refused.code in CONFLICTS:
        return False
      raise
    return True
  def _update(self, alert, tell_at):
    values = {k: v for k, v in to_item(alert).items() if k not in (MACHINE, KEY)}
    gone = [CLOSED_AT, EXPIRES_AT]
    if alert.closed_at is not None:
      gone = [OPEN_SITE, TELL_SITE, TELL_AT]
      values[EXPIRES_AT] = {'N': str(parse_time(alert.closed_at) + self._keep_s)}
    elif tell_at:
      values |= {TELL_SITE: {'S': alert.site}, TELL_AT: {'S': tell_at}}
      gone += [ACKED_AT, NOTE]
    names = {f'#{index}': name for index, name in enumerate((*values, *gone))}
    short = {name: mark for mark, name in names.items()}
    sets = ', '.join((f'{short[name]} = :{short[name][1:]}' for name in values))
    return {'TableName': self.name, 'Key': item_key(alert.machine, alert.key), 'UpdateExpression': f'SET {sets} REMOVE ' + ', '.join((short[name] for name in gone)), 'ExpressionAttributeNames': names, 'ExpressionAttributeValues': {f':{short[k][1:]}': v for k, v in values.items()}}

def alert_of(event, *, machine, site, said):
  at = format_time(event.t)
  return Alert(machine=machine, code=event.code, fault=event.fault, site=site, severity=event.severity, level=event.level, since=format_time(event.since), opened_at=format_time(event.opened_at), last_seen_at=at, closed_at=at if event.kind == 'close' else None, value=event.value, limit=event.limit, unit=event.unit, lat=event.lat, lon=event.lon, readings=event.readings, sentence=said, acked_at=None)

def item_key(machine, key):
  return {MACHINE: {'S': machine}, KEY: {'S': key}}

# --- chantier.functions.grouping
STORM_MACHINES = 3
MOST_MESSAGES = 5
HOLD_S = 300
GRAVE_HOLD_S = 60
AGAIN_S = 1800
GRAVEST_FIRST = ('critical', 'warning', 'info')
MOVED = '+later'

Due = namedtuple('Due', 'alert tell_at')

LastTold = namedtuple('LastTold', 'at severity level')

Storm = namedtuple('Storm', 'until machines revision', defaults=('', (), 0))

Parcel = namedtuple('Parcel', 'due storms', defaults=((),))

def quiet_until(alert, told, now):
  if told is None or _gravity(alert) > _gravity(told):
    return ''
  end = _later(told.at, AGAIN_S)
  return end + MOVED if now < end else ''

def parcels(due, storms, now):
  found_due = sorted(due, key=_order)
  free = {one.alert.code for one in found_due if not _held(one.alert, _of(one.alert, storms), now)}
  telling = [one for one in found_due if one.alert.code in free]
  stormy = tuple((code for code in sorted(free) if _is_storm(code, telling, storms.get(code, Storm()), now)))
  found = [Parcel(tuple((one for one in telling if one.alert.code == code)), (code,)) for code in stormy]
  rest = [one for one in telling if one.alert.code not in stormy]
  found += [Parcel(tuple((one for one in rest if one.alert.machine == machine))) for machine in sorted({one.alert.machine for one in rest})]
  if len(found) > MOST_MESSAGES:
    return [Parcel(tuple(telling), stormy)]
  return sorted(found, key=lambda parcel: _order(parcel.due[0]))

def storms_after(parcel, storms, now):
  after = {}
  for code in sorted({one.alert.code for one in parcel.due}):
    before = storms.get(code, Storm())
    named = {one.alert.machine for one in parcel.due if one.alert.code == code}
    machines = [(now, machine) for machine in sorted(named)]
    machines += [one for one in _lately(before, now) if one[1] not in named]
    until = _later(now, HOLD_S) if code in parcel.storms else before.until
    after[code] = Storm(until, tuple(machines[:STORM_MACHINES]), before.revision + 1)
  return after

def _of(alert, storms):
  return storms.get(alert.code, Storm())

def _held(alert, storm, now):
  if now >= storm.until:
    return False
  grave = alert.severity == GRAVEST_FIRST[0]
  return not grave or now < _later(storm.until, GRAVE_HOLD_S - HOLD_S)

def _is_storm(code, telling, storm, now):
  mine = [one for one in telling if one.alert.code == code]
  goes_on = now < storm.until or any((one.tell_at <= storm.until for one in mine))
  machines = {one.alert.machine for one in mine} | {name for _, name in _lately(storm, now)}
  return goes_on or len(machines) >= STORM_MACHINES

def _lately(storm, now):
  return [one for one in storm.machines if now < _later(one[0], HOLD_S)]

def _gravity(what):
  return (-GRAVEST_FIRST.index(what.severity), what.level)

def _order(due):
  return (GRAVEST_FIRST.index(due.alert.severity), due.alert.opened_at, due.alert.id)

def _later(at, seconds):
  return format_time(parse_time(at) + seconds)

# --- chantier.detection.settings

Watched = namedtuple('Watched', 'zone rules')

def opening_of(settings):
  return Opening(offsets=tuple(((since, offset) for since, offset in settings['offsets'])), week=tuple(((first, last) for first, last in settings['week'])), off=frozenset(settings['off']))

def watched_machines(settings):
  opening = opening_of(settings)
  works = any((first < last for first, last in opening.week))
  zones = {name: tuple((tuple(((lat, lon) for lat, lon in ring)) for ring in rings)) for name, rings in settings['zones'].items()}
  found = {}
  for group in settings['groups']:
    rules = rules_for(group.get('limits'), volts=group['volts'], tank_l=group['tank_l'], zones=tuple((zones[name] for name in group['in'])), opening=opening if works else None, vgp_due=group['vgp_due'])
    found.update(dict.fromkeys(group['machines'], Watched(group['zone'], rules)))
  return found

# --- chantier.functions.saying

class Speaker:
  def __init__(self, settings, words):
    self.site = str(settings['site'])
    self.machines = watched_machines(settings)
    self._words = words
    self._opening = opening_of(settings)
  def alert(self, machine, event):
    zone = self.machines[machine].zone
    said = sentence(event, self._words, machine=machine, zone=zone, clock=self.clock)
    site = machine if machine == probe_name(self.site) else self.site
    return alert_of(event, machine=machine, site=site, said=said)
  def clock(self, t, pattern):
    return time.strftime(pattern, time.gmtime(t + ahead_of_utc(self._opening, t)))

# --- chantier.functions.keeping
Judge = Callable[[Memory], tuple[Memory, tuple[Event, ...]]]
TRIES = 8
LATE_S, PATIENCE_S = (180, 300)
TOLD_SEVERITIES = ('warning', 'critical')

class Keeper:
  def __init__(self, settings, words):
    self._speaker = Speaker(settings, words)
    self.site = self._speaker.site
    self.machines = self._speaker.machines
    self.table = Table(os.environ['TABLE'], alert_days=settings['alert_days'])
  def judge(self, machine, *judges: Judge, arrived):
    kinds = {}
    while judges:
      judged, stored = self._judge_a_piece(machine, judges, arrived)
      judges = judges[judged:]
      for name, kind in stored:
        kinds[name] = kinds.get(name, kind) if kind == 'update' else kind
    return [{'kind': kind, 'id': name} for name, kind in kinds.items()]
  def _judge_a_piece(self, machine, judges, arrived):
    for attempt in range(TRIES):
      time.sleep(attempt * os.urandom(1)[0] / 10000)
      text, version = self.table.memory(machine)
      before = read_memory(machine, text)
      after, events, judged = piece_of(before, judges)
      if judged == len(judges) and (not material(before, after, events)):
        return (judged, [])
      events = worth_telling(before, after, events)
      alerts = [(self._speaker.alert(machine, event), tell_at(event, arrived)) for event in events]
      if self.table.keep(machine, after, version, alerts):
        kinds = (event.kind for event in events)
        return (judged, [(one.id, kind) for (one, _), kind in zip(alerts, kinds, strict=True)])
    raise RuntimeError(f'{machine}: memory changed {TRIES} times under one message')

def read_memory(machine, text):
  try:
    return load(text)
  except ValueError as fault:
    said = {'machine': machine, 'memory': 'started anew', 'reason': str(fault)}
    print(json.dumps(said, separators=(',', ':')))
    return Memory()

def piece_of(memory, judges):
  told = ()
  for judged, judge in enumerate(judges):
    after, events = judge(memory)
    both = last_of_each_life(told + events)
    if judged and len(both) > MOST_ALERTS:
      return (memory, told, judged)
    memory, told = (after, both)
  return (memory, told, len(judges))

def last_of_each_life(events):
  last = {}
  for event in events:
    life = (event.code, event.fault, event.opened_at)
    first = last.get(life)
    kind = first.kind if first and event.kind == 'update' else event.kind
    last[life] = event._replace(kind=kind)
  return tuple(last.values())

def tell_at(event, arrived):
  if event.kind not in ('open', 'escalate') or event.severity not in TOLD_SEVERITIES:
    return ''
  return format_time(arrived + (PATIENCE_S if arrived - event.t > LATE_S else 0))

# --- chantier.functions.log_line
MATTERS = ('alerts', 'quarantined', 'late', 'told', 'trouble', 'waiting')

def log_line(said):
  if os.environ.get('LOG_LEVEL') != 'WARN' or any(map(said.get, MATTERS)):
    print(json.dumps(said, separators=(',', ':')))

# --- chantier.detection.subject
MAX_SUBJECT = 99
SEVERITIES = ('info', 'warning', 'critical')

def subject(alerts, words):
  frame = words['frame']
  worst = max(alerts, key=lambda alert: SEVERITIES.index(alert.severity))
  machines = {alert.machine for alert in alerts}
  several = frame['alerts'][0].format(count=len(alerts))
  fleet = frame['machines'][0].format(count=len(machines))
  if len(alerts) == 1:
    about, what = (worst.machine, _title(worst, words))
  elif len(machines) == 1:
    about, what = (worst.machine, several)
  elif len({alert.code for alert in alerts}) == 1:
    about, what = (phrase(words['title'], worst.code, '', worst.level), fleet)
  else:
    about, what = (several, fleet)
  severity = words['severity'][worst.severity][0].upper()
  return _ascii(frame['subject'][0].format(severity=severity, about=about, what=what))

def _title(alert, words):
  title = phrase(words['title'], alert.code, alert.fault, alert.level)
  if alert.code != DTC:
    return title
  spn = alert.fault.partition('-')[0]
  about = words['spn'].get(int(spn)) if spn.isdecimal() else None
  return f'{title} {alert.fault}, {about}' if about else f'{title} {alert.fault}'

def _ascii(text):
  folded = unicodedata.normalize('NFKD', text).encode('ascii', 'ignore').decode()
  line = ' '.join(''.join((c if c.isprintable() else ' ' for c in folded)).split())
  return line if len(line) <= MAX_SUBJECT else line[:MAX_SUBJECT - 3].rstrip() + '...'

# --- chantier.functions.notice
MOST_BYTES = 255000
LAST_LINE_BYTES = 200
LISTING = 'chantier alerts --open'

def notice(alerts, words):
  room = MOST_BYTES - LAST_LINE_BYTES
  paragraphs = []
  for told, alert in enumerate(alerts):
    text = paragraph(alert, words)
    room -= len(text.encode()) + 2
    if room < 0:
      left = words['notice']['left'][0]
      paragraphs.append(left.format(count=len(alerts) - told, command=LISTING))
      break
    paragraphs.append(text)
  return (subject(alerts, words), '\n\n'.join(paragraphs) + '\n')

def paragraph(alert, words):
  phrases = words['notice']
  priority = phrases[alert.priority][0]
  lines = [phrases['alert'][0].format(priority=priority, sentence=alert.sentence)]
  if alert.lat is not None and alert.lon is not None:
    lines.append(phrases['where'][0].format(link=map_link(alert.lat, alert.lon)))
  lines.append(phrases['ack'][0].format(command=f'chantier alerts ack {alert.id}'))
  return '\n'.join(lines)

def map_link(lat, lon):
  at = (f'{lat:.5f}', f'{lon:.5f}')
  return f'https://www.openstreetmap.org/?mlat={at[0]}&mlon={at[1]}#map=17/{at[0]}/{at[1]}'

# --- chantier.functions.pending
LEASE_S = 300
REMEMBER_S = 86400

class Pending:
  def __init__(self, table, site):
    self._table = table
    self._site = site
  def due(self, now, images=()):
    found = {}
    for item in (*images, *self._indexed(now)):
      at = item.get(TELL_AT, {}).get('S', '~')
      if at <= now:
        one = Due(from_item(item), at)
        place = (one.alert.machine, one.alert.key)
        found[place] = max(one, found.get(place, one), key=lambda due: due.tell_at)
    return list(found.values())
  def _indexed(self, now):
    request = {'IndexName': TELL_INDEX, 'KeyConditionExpression': '#site = :site AND #at <= :now', 'ExpressionAttributeNames': {'#site': TELL_SITE, '#at': TELL_AT}, 'ExpressionAttributeValues': {':site': {'S': self._site}, ':now': {'S': now}}}
    while True:
      page = self._call('Query', request)
      yield from page['Items']
      if not page.get('LastEvaluatedKey'):
        return
      request['ExclusiveStartKey'] = page['LastEvaluatedKey']
  def take(self, due, now):
    lease = f'{format_time(now + LEASE_S)}+{os.urandom(4).hex()}'
    taken = self._update(due, {'UpdateExpression': 'SET #at = :lease', 'ConditionExpression': '#at = :read', 'ExpressionAttributeNames': {'#at': TELL_AT}, 'ExpressionAttributeValues': {':lease': {'S': lease}, ':read': {'S': due.tell_at}}, 'ReturnValues': 'ALL_NEW'})
    return Due(from_item(taken['Attributes']), lease) if taken else None
  def put_off(self, due, until):
    self._update(due, {'UpdateExpression': 'SET #at = :until', 'ConditionExpression': '#at = :read', 'ExpressionAttributeNames': {'#at': TELL_AT}, 'ExpressionAttributeValues': {':until': {'S': until}, ':read': {'S': due.tell_at}}})
  def done(self, taken, now):
    self._remember(taken.alert, now)
    done = {'UpdateExpression': 'SET #told = :now REMOVE #site, #at', 'ConditionExpression': '#at = :lease', 'ExpressionAttributeNames': {'#told': TOLD_AT, '#site': TELL_SITE, '#at': TELL_AT}, 'ExpressionAttributeValues': {':now': {'S': now}, ':lease': {'S': taken.tell_at}}}
    told = {'UpdateExpression': 'SET #told = :now', 'ConditionExpression': 'attribute_exists(#key)', 'ExpressionAttributeNames': {'#told': TOLD_AT, '#key': KEY}, 'ExpressionAttributeValues': {':now': {'S': now}}}
    if self._update(taken, done) is None:
      self._update(taken, told)
  def _remember(self, alert, now):
    item = {**item_key(alert.machine, told_key(alert)), TOLD_AT: {'S': now}, SEVERITY: {'S': alert.severity}, LEVEL: {'N': str(alert.level)}, EXPIRES_AT: {'N': str(parse_time(now) + AGAIN_S)}}
    self._call('PutItem', {'Item': item})
  def told(self, alerts):
    places = sorted({(alert.machine, told_key(alert)) for alert in alerts})
    keys = [item_key(*place) for place in places]
    return {(item[MACHINE]['S'], item[KEY]['S']): LastTold(item[TOLD_AT]['S'], item[SEVERITY]['S'], int(item[LEVEL]['N'])) for item in self._table.items(keys, (MACHINE, KEY, TOLD_AT, SEVERITY, LEVEL))}
  def _update(self, due, change):
    key = item_key(due.alert.machine, due.alert.key)
    try:
      return self._call('UpdateItem', {'Key': key, **change})
    except CallFailed as refused:
      if refused.code == 'ConditionalCheckFailedException':
        return None
      raise
  def storms(self, codes):
    keys = [item_key(WHOLE_SITE, STORM + code) for code in sorted(set(codes))]
    return {item[KEY]['S'].removeprefix(STORM): _storm(item) for item in self._table.items(keys, (KEY, UNTIL, TOLD_MACHINES, REVISION))}
  def claim(self, storms, now):
    expires_at = str(parse_time(now) + REMEMBER_S)
    writes = [{'Put': {'TableName': self._table.name, 'Item': {**item_key(WHOLE_SITE, STORM + code), UNTIL: {'S': storm.until}, TOLD_MACHINES: {'L': [{'S': ' '.join(one)} for one in storm.machines]}, REVISION: {'N': str(storm.revision)}, EXPIRES_AT: {'N': expires_at}}, 'ConditionExpression': 'attribute_not_exists(#revision) OR #revision = :read', 'ExpressionAttributeNames': {'#revision': REVISION}, 'ExpressionAttributeValues': {':read': {'N': str(storm.revision - 1)}}}} for code, storm in storms.items()]
    try:
      dynamodb(self._table.service, 'TransactWriteItems', {'TransactItems': writes})
    except CallFailed as refused:
      if refused.code in CONFLICTS:
        return False
      raise
    return True
  def _call(self, operation, request):
    return dynamodb(self._table.service, operation, {'TableName': self._table.name, **request})

def told_key(alert):
  return f'{TOLD}{alert.code}#{alert.fault}'

def _storm(item):
  machines = [str(one['S']).partition(' ') for one in item.get(TOLD_MACHINES, {}).get('L', ())]
  return Storm(until=item[UNTIL]['S'], machines=tuple(((at, name) for at, _, name in machines)), revision=int(item.get(REVISION, {}).get('N', 0)))

# --- chantier.functions.topic

def publish(service, topic, *, subject, message, attributes):
  said = [('Action', 'Publish'), ('Version', '2010-03-31'), ('TopicArn', topic), ('Subject', subject), ('Message', message)]
  for number, parts in enumerate(attributes, 1):
    entry = f'MessageAttributes.entry.{number}.'
    fields = ('Name', 'Value.DataType', 'Value.StringValue')
    said += [(entry + field, part) for field, part in zip(fields, parts, strict=True)]
  headers = {'content-type': 'application/x-www-form-urlencoded; charset=utf-8'}
  service.call('POST', '/', headers, urlencode(said).encode())

# --- chantier.functions.watch
MOST_TOLD = 1000
JUDGE_S, CALL_S = (300, 60)
CLAIMS, CLAIM_PAUSE_S = (5, 0.2)
ONE_MACHINES_FAULT = (ValueError, TypeError, KeyError, RuntimeError)

class Watch:
  def __init__(self, settings, words, clock=time.time):
    self.keeper = Keeper(settings, words)
    self.pending = Pending(self.keeper.table, self.keeper.site)
    self.topic = os.environ['TOPIC']
    self.sns = Service('sns')
    self.words = words
    self._clock = clock
  def handle(self, event, _context=None):
    said = {'began_at': _now_ms(), 'alerts': [], 'told': [], 'trouble': []}
    if event == {}:
      said['warm'] = True
    else:
      now = int(self._clock())
      if event.get('check') and _is_judging(event.get('at')):
        self._check(now, said)
      records = (record.get('dynamodb', {}) for record in event.get('Records', ()))
      self._tell(now, [one['NewImage'] for one in records if 'NewImage' in one], said)
    said['ended_at'] = _now_ms()
    log_line(said)
    if said['trouble']:
      raise RuntimeError('; '.join(said['trouble']))
    return said
  def _check(self, now, said):
    machines = sorted(self.keeper.machines)
    keys = [item_key(machine, MEMORY) for machine in machines]
    items = self.keeper.table.items(keys, (MACHINE, REMEMBERED))
    known = {item[MACHINE]['S']: item[REMEMBERED]['S'] for item in items}
    said['checked'] = len(machines)
    for machine in machines:
      try:
        said['alerts'] += self._judge(machine, known.get(machine), now)
      except ONE_MACHINES_FAULT as fault:
        said['trouble'].append(f'{machine}: {fault}')
  def _judge(self, machine, remembered, now):
    rules = self.keeper.machines[machine].rules
    if not pass_time(read_memory(machine, remembered), now, rules)[1]:
      return []
    return self.keeper.judge(machine, lambda memory: pass_time(memory, now, rules), arrived=now)
  def _tell(self, now, images, said):
    at = format_time(now)
    due = self._not_again(self.pending.due(at, images), at)
    room = MOST_TOLD
    for attempt in range(CLAIMS if due else 0):
      time.sleep(attempt * CLAIM_PAUSE_S)
      storms = self.pending.storms((one.alert.code for one in due))
      handled = set()
      contested = False
      for whole in parcels(due, storms, at):
        parcel = Parcel(whole.due[:room], whole.storms)
        after = storms_after(parcel, storms, at)
        if parcel.due and self.pending.claim(after, at):
          storms |= after
          handled.update(parcel.due)
          room -= self._send(parcel, now, said)
        else:
          contested |= bool(parcel.due)
      due = [one for one in due if one not in handled]
      if not contested:
        break
    if due:
      said['waiting'] = len(due)
  def _not_again(self, due, at):
    told = self.pending.told((one.alert for one in due))
    telling = []
    for one in due:
      last = told.get((one.alert.machine, told_key(one.alert)))
      if (until := quiet_until(one.alert, last, at)):
        self.pending.put_off(one, until)
      else:
        telling.append(one)
    return telling
  def _send(self, parcel, now, said):
    taken = [one for one in (self.pending.take(due, now) for due in parcel.due) if one]
    if not taken:
      return 0
    alerts = [one.alert for one in taken]
    subject_line, text = notice(alerts, self.words)
    try:
      publish(self.sns, self.topic, subject=subject_line, message=text, attributes=self._attributes(taken))
    except CallFailed as fault:
      said['trouble'].append(f'{subject_line}: {fault}')
      return len(taken)
    at = format_time(now)
    for one in taken:
      self.pending.done(one, at)
    said['told'].append({'subject': subject_line, 'alerts': [alert.id for alert in alerts]})
    return len(taken)
  def _attributes(self, taken):
    codes = sorted({one.alert.code for one in taken})
    return [('site', 'String', self.keeper.site), ('severity', 'String', taken[0].alert.severity), ('code', 'String.Array', json.dumps(codes))]

def _is_judging(at):
  try:
    return parse_time(at) % JUDGE_S < CALL_S
  except Malformed:
    return True

def _now_ms():
  return round(time.time() * 1000, 1)

# --- chantier.detection.j1939_fr
SPN = {
  27: 'position vanne EGR', 91: 'position accélérateur', 94: "pression d'alimentation en carburant",
  95: 'colmatage du filtre à carburant', 96: 'niveau de carburant', 97: 'eau dans le carburant',
  98: "niveau d'huile moteur", 99: 'colmatage du filtre à huile moteur',
  100: "pression d'huile moteur", 101: 'pression du carter moteur',
  102: 'pression de suralimentation', 105: "température d'air à l'admission",
  107: 'colmatage du filtre à air', 108: 'pression atmosphérique',
  110: 'température du liquide de refroidissement', 111: 'niveau du liquide de refroidissement',
  157: "pression de rampe d'injection", 158: 'tension après contact', 167: 'tension de charge',
  168: 'tension de batterie', 172: "température d'air à l'entrée du moteur",
  173: "température des gaz d'échappement", 174: 'température du carburant',
  175: "température d'huile moteur", 177: "température d'huile de transmission",
  190: 'régime moteur', 411: 'pression différentielle EGR', 412: 'température EGR',
  620: 'alimentation 5 V', 627: 'alimentation du calculateur', 629: 'calculateur moteur',
  636: 'capteur de position moteur', 637: 'capteur de calage moteur', 639: 'réseau CAN J1939',
  641: 'actionneur de turbo à géométrie variable', 651: 'injecteur 1', 652: 'injecteur 2',
  653: 'injecteur 3', 654: 'injecteur 4', 655: 'injecteur 5', 656: 'injecteur 6',
  676: 'relais de préchauffage', 677: 'relais de démarreur', 723: 'capteur de régime 2',
  1075: "pompe d'alimentation électrique", 1076: "doseur de la pompe d'injection",
  1079: 'alimentation capteurs 1', 1080: 'alimentation capteurs 2',
  1109: 'arrêt moteur imminent par protection', 1110: 'moteur arrêté par protection',
  1136: 'température du calculateur moteur', 1188: 'soupape de décharge du turbo',
  1239: 'fuite de carburant', 1347: 'pompe haute pression',
  1569: 'puissance réduite par protection', 1638: "température d'huile hydraulique",
  1713: 'colmatage du filtre hydraulique', 1761: "niveau d'AdBlue",
  2602: "niveau d'huile hydraulique", 2630: "température après échangeur d'air", 2659: 'débit EGR',
  2791: 'commande vanne EGR', 3031: "température d'AdBlue", 3216: 'NOx amont', 3226: 'NOx aval',
  3242: "température à l'entrée du FAP", 3246: 'température à la sortie du FAP',
  3251: 'pression différentielle du FAP', 3361: "doseur d'AdBlue", 3364: "qualité de l'AdBlue",
  3509: 'alimentation capteurs 1', 3510: 'alimentation capteurs 2', 3511: 'alimentation capteurs 3',
  3516: "concentration de l'AdBlue", 3719: 'charge en suies du FAP',
  3720: 'charge en cendres du FAP', 4094: 'NOx trop élevés, AdBlue de mauvaise qualité',
  4096: "NOx trop élevés, réservoir d'AdBlue vide", 4334: "pression d'AdBlue",
  4364: 'efficacité du SCR', 5246: 'bridage antipollution', 5394: "vanne de dosage d'AdBlue",
  5571: 'limiteur de pression de rampe',
}
FMI = {
  0: 'valeur trop haute, niveau le plus grave', 1: 'valeur trop basse, niveau le plus grave',
  2: 'signal erratique ou incohérent', 3: 'tension trop haute ou court-circuit au plus',
  4: 'tension trop basse ou court-circuit à la masse', 5: 'courant trop faible ou circuit ouvert',
  6: 'courant trop fort ou court-circuit à la masse', 7: 'mécanisme sans réponse ou déréglé',
  8: 'fréquence ou impulsion anormale', 9: 'cadence des messages anormale',
  10: 'variation anormale', 11: 'cause non identifiée', 12: 'composant ou calculateur défaillant',
  13: 'étalonnage à refaire', 14: 'voir la consigne du constructeur',
  15: 'valeur trop haute, niveau le moins grave', 16: 'valeur trop haute, niveau moyen',
  17: 'valeur trop basse, niveau le moins grave', 18: 'valeur trop basse, niveau moyen',
  19: 'donnée du réseau reçue en erreur', 20: 'dérive vers le haut', 21: 'dérive vers le bas',
  22: 'code réservé par la norme', 31: 'condition présente',
}

# --- chantier.detection.words_fr
WORDS = {
  'frame': {
    'sentence': ('{machine} : {what}, {when}{zone}. {todo}',), 'zone': (', zone {zone}',),
    'time': ('%d/%m à %H:%M',), 'decimal': (',',), 'named': ('{spn} : {fmi}',),
    'source': (', calculateur {source}',),
    'count': (', vu {count} fois', ', vu {count} fois ou plus'),
    'subject': ('[{severity}] {about} : {what}',), 'alerts': ('{count} alertes',),
    'machines': ('{count} engins',),
  },
  'when': {
    '': ('depuis le {since}',), 'FUEL_DROP': ('le {since}',), 'REFUEL': ('le {since}',),
    'NO_SIGNAL': ('dernier message le {since}',), 'SERVICE_DUE': ('signalé depuis le {since}',),
    'VGP_DUE': ('signalée depuis le {since}',),
  },
  'title': {
    'COOLANT_HIGH': ('surchauffe moteur',), 'HYD_TEMP_HIGH': ('huile hydraulique trop chaude',),
    'OIL_PRESS_LOW': ("pression d'huile basse",), 'FUEL_LOW': ('carburant bas',),
    'FUEL_DROP': ('baisse anormale de carburant',), 'REFUEL': ('plein de carburant',),
    'DEF_LOW': ('AdBlue bas',), 'IDLE_LONG': ('ralenti prolongé',),
    'OFF_HOURS': ('moteur en marche hors horaires',), 'GEOFENCE_EXIT': ('sortie de zone',),
    'TOW': ('déplacement moteur coupé',), 'BATT_LOW': ('batterie faible',),
    'BATT_HIGH': ('tension de charge trop haute',), 'TILT': ('inclinaison excessive',),
    'TILT/roll': ('dévers excessif',), 'TILT/pitch': ('pente excessive',),
    'OVERSPEED': ('excès de vitesse',), 'DTC': ('code défaut',), 'NO_SIGNAL': ('plus de signal',),
    'SERVICE_DUE': ('entretien à prévoir', 'entretien à faire'),
    'VGP_DUE': ('VGP à prévoir', 'VGP échue'),
  },
  'what': {
    'COOLANT_HIGH': ('liquide de refroidissement à {value} °C (limite {limit} °C)',),
    'HYD_TEMP_HIGH': ('huile hydraulique à {value} °C (limite {limit} °C)',),
    'OIL_PRESS_LOW': ("pression d'huile moteur à {value} kPa (minimum {limit} kPa)",),
    'FUEL_LOW': ('carburant à {value} % (seuil {limit} %)',),
    'FUEL_DROP': ('baisse de carburant de {amount} moteur coupé',),
    'REFUEL': ('plein de carburant de {amount}',),
    'DEF_LOW': ('AdBlue à {value} % (seuil {limit} %)',),
    'IDLE_LONG': ('moteur au ralenti sans travail ({amount})',),
    'OFF_HOURS': ('moteur en marche hors horaires du chantier',),
    'GEOFENCE_EXIT': ('engin à {value} m hors de sa zone',),
    'TOW': ('engin déplacé de {value} m moteur coupé',),
    'BATT_LOW': ('batterie à {value} V (seuil {limit} V)',),
    'BATT_HIGH': ('tension de batterie à {value} V (maximum {limit} V)',),
    'TILT': ('inclinaison de {value}° (limite {limit}°)',),
    'TILT/roll': ('dévers de {value}° (limite {limit}°)',),
    'TILT/pitch': ('pente de {value}° (limite {limit}°)',),
    'OVERSPEED': ('vitesse de {value} km/h (limite {limit} km/h)',),
    'DTC': ('code défaut {fault}',),
    'NO_SIGNAL': ("engin à l'arrêt, muet depuis plus de {amount}", 'engin en marche, muet depuis plus de {amount}'),
    'SERVICE_DUE': ('entretien des {fault} h prévu à {limit} h, horamètre à {value} h', 'entretien des {fault} h dû à {limit} h, horamètre à {value} h'),
    'VGP_DUE': ('vérification générale périodique (VGP) bientôt à échéance', 'vérification générale périodique (VGP) échue'),
  },
  'todo': {
    'COOLANT_HIGH': ('Mettre au ralenti et laisser refroidir ; niveau et radiateur à contrôler à froid.', "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier.", "Arrêter le moteur tout de suite, ne pas ouvrir le bouchon, prévenir l'atelier."),
    'HYD_TEMP_HIGH': ("Réduire la cadence, contrôler le niveau d'huile et le refroidisseur.", "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier."),
    'OIL_PRESS_LOW': ("Arrêter le moteur tout de suite, contrôler le niveau d'huile ; ne pas redémarrer sans l'accord de l'atelier.",),
    'FUEL_LOW': ('Prévoir le plein de GNR.', 'Faire le plein de GNR avant de reprendre : risque de panne sèche.'),
    'FUEL_DROP': ('Vol par siphonnage ou fuite : ne pas intervenir seul, appeler le chef de chantier puis la police ou la gendarmerie, acquitter après contrôle.',),
    'REFUEL': ('À rapprocher du bon de livraison de GNR.',),
    'DEF_LOW': ("Prévoir l'appoint d'AdBlue.", "Faire l'appoint d'AdBlue avant de reprendre : le moteur risque d'être bridé."),
    'IDLE_LONG': ("Couper le moteur si l'attente se prolonge.", 'Couper le moteur et rappeler la consigne de ralenti.'),
    'OFF_HOURS': ('Vérifier que le travail est prévu ; sinon ne pas intervenir seul, appeler le chef de chantier.',),
    'GEOFENCE_EXIT': ('Vérifier que la sortie est prévue ; sinon ne pas intervenir seul, appeler le chef de chantier et le responsable matériel.',),
    'TOW': ('Vol possible : ne pas intervenir seul, appeler le chef de chantier puis la police ou la gendarmerie, acquitter après contrôle.',),
    'BATT_LOW': ('À contrôler au prochain entretien.', 'Contrôler la charge et les bornes de la batterie.', 'Charger ou remplacer la batterie avant le prochain démarrage.'),
    'BATT_HIGH': ("Ni flamme ni étincelle près de la batterie ; faire contrôler l'alternateur et son régulateur.",),
    'TILT': ("Éloigner les personnes, baisser l'équipement, remettre l'engin à plat.", "Risque de renversement : éloigner tout le monde, rester attaché en cabine, remettre l'engin à plat sans à-coup."),
    'OVERSPEED': ('Ralentir et rappeler la limite du chantier.',),
    'DTC': ("Relever le code et prévenir l'atelier.", "Voyant rouge : arrêter l'engin en sécurité et prévenir l'atelier."),
    'NO_SIGNAL': ("Au prochain passage, contrôler l'alimentation et l'antenne du boîtier.", "Vérifier où est l'engin, puis le réseau, l'alimentation et l'antenne du boîtier."),
    'SERVICE_DUE': ("Prendre date avec l'atelier, commander filtres et huiles.", "Faire l'entretien puis l'enregistrer."),
    'VGP_DUE': ("Prendre date avec l'organisme de contrôle.", "Ne plus utiliser l'engin avant la vérification, prévenir le responsable matériel."),
  },
  'severity': {'info': ('information',), 'warning': ('avertissement',), 'critical': ('critique',)},
  'notice': {
    'high': ('priorité haute',), 'medium': ('priorité moyenne',), 'low': ('priorité basse',),
    'alert': ('[{priority}] {sentence}',), 'where': ('Où : {link}',),
    'ack': ("Dès que quelqu'un s'en occupe, acquitter : {command}",),
    'left': ('Et {count} de plus : {command}',),
  },
  'spn': SPN, 'fmi': FMI,
}

SETTINGS = {"site": "zac-des-tilleuls", "alert_days": 1095, "offsets": [[0, 3600], [1711846800, 7200], [1729990800, 3600], [1743296400, 7200], [1761440400, 3600], [1774746000, 7200], [1792890000, 3600], [1806195600, 7200], [1824944400, 3600], [1837645200, 7200], [1856394000, 3600], [1869094800, 7200], [1887843600, 3600], [1901149200, 7200], [1919293200, 3600], [1932598800, 7200], [1950742800, 3600], [1964048400, 7200], [1982797200, 3600], [1995498000, 7200], [2014246800, 3600], [2026947600, 7200], [2045696400, 3600], [2058397200, 7200], [2077146000, 3600], [2090451600, 7200], [2108595600, 3600], [2121901200, 7200], [2140045200, 3600], [2153350800, 7200], [2172099600, 3600], [2184800400, 7200], [2203549200, 3600], [2216250000, 7200], [2234998800, 3600], [2248304400, 7200], [2266448400, 3600], [2279754000, 7200], [2297898000, 3600], [2311203600, 7200], [2329347600, 3600], [2342653200, 7200], [2361402000, 3600]], "week": [[450, 990], [450, 990], [450, 990], [450, 990], [450, 930], [0, 0], [0, 0]], "off": [19723, 19814, 19844, 19851, 19852, 19863, 19918, 19950, 20028, 20038, 20082, 20089, 20199, 20209, 20216, 20237, 20248, 20283, 20315, 20393, 20403, 20447, 20454, 20549, 20574, 20581, 20587, 20598, 20648, 20680, 20758, 20768, 20812, 20819, 20906, 20939, 20944, 20946, 20955, 21013, 21045, 21123, 21133, 21177, 21184, 21291, 21305, 21312, 21329, 21340, 21379, 21411, 21489, 21499, 21543, 21550, 21641, 21670, 21677, 21679, 21690, 21744, 21776, 21854, 21864, 21908, 21915, 22026, 22035, 22042, 22064, 22075, 22109, 22141, 22219, 22229, 22273, 22280, 22383, 22400, 22407, 22421, 22432, 22474, 22506, 22584, 22594, 22638, 22645, 22733, 22766, 22771, 22773, 22782, 22840, 22872, 22950, 22960, 23004, 23011, 23118, 23131, 23138, 23156, 23167, 23205, 23237, 23315, 23325, 23369, 23376, 23475, 23496, 23503, 23513, 23524, 23570, 23602, 23680, 23690, 23734, 23741, 23825, 23861, 23863, 23868, 23874, 23935, 23967, 24045, 24055, 24099, 24106, 24210, 24227, 24234, 24248, 24259, 24301, 24333, 24411, 24421, 24465, 24472, 24567, 24592, 24599, 24605, 24616, 24666, 24698, 24776, 24786, 24830, 24837, 24952, 24957, 24964, 24990, 25001, 25031, 25063, 25141, 25151, 25195, 25202, 25302, 25322, 25329, 25340, 25351, 25396, 25428, 25506, 25516, 25560, 25567, 25659, 25688, 25695, 25697, 25708, 25762, 25794, 25872, 25882, 25926, 25933, 26044, 26053, 26060, 26082, 26093, 26127, 26159, 26237, 26247, 26291, 26298, 26394, 26418, 26425, 26432, 26443, 26492, 26524, 26602, 26612, 26656, 26663, 26751, 26783, 26789, 26790, 26800, 26857, 26889, 26967, 26977, 27021, 27028, 27136, 27149, 27156, 27174, 27185, 27223, 27255, 27333, 27343, 27387], "zones": {"plateforme": [[[48.71402, 2.23911], [48.71436, 2.24262], [48.71257, 2.24309], [48.71218, 2.23958]]], "bassin": [[[48.71199, 2.2399], [48.71221, 2.24176], [48.71108, 2.24204], [48.71087, 2.24013]]], "base-vie": [[[48.7144, 2.24279], [48.71449, 2.24377], [48.71388, 2.24391], [48.71378, 2.2429]]]}, "groups": [
  {"zone": "Plateforme nord", "in": ["plateforme"], "volts": 24, "tank_l": 345.0, "vgp_due": 0, "machines": ["EX-001", "EX-002"]},
  {"zone": "Bassin de rétention", "in": ["bassin"], "volts": 24, "tank_l": 345.0, "vgp_due": 0, "machines": ["EX-003", "EX-004"]},
  {"zone": "Plateforme nord", "in": ["plateforme"], "volts": 24, "tank_l": 0, "vgp_due": 0, "machines": ["CH-001", "CH-003", "TB-001", "TB-002"]},
  {"zone": "Bassin de rétention", "in": ["bassin"], "volts": 24, "tank_l": 0, "vgp_due": 0, "machines": ["CH-002", "TB-003"]},
  {"zone": "Plateforme nord", "in": ["plateforme"], "volts": 12, "tank_l": 0, "vgp_due": 0, "machines": ["CO-001"]},
  {"zone": "Bassin de rétention", "in": ["bassin"], "volts": 12, "tank_l": 0, "vgp_due": 0, "limits": {"COOLANT_HIGH": {"warning": 107.0}}, "machines": ["CO-002"]}]}

handler = Watch(SETTINGS, WORDS).handle
