from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import ssl
import time
from bisect import bisect_right
from collections import namedtuple
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from math import cos, floor, hypot, radians
from operator import ge, gt, le, lt

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
VERSION = 1
MAX_DTC = 5
MAX_AHEAD_S = 300
STATES = ('OFF', 'IDLE', 'WORK', 'TRAVEL')
LAMPS = ('RSL', 'AWL', 'PL', 'MIL')

Reading = namedtuple('Reading', 't seq st eng rpm load_pct fuel_lph fuel_used_l fuel_pct def_pct op_h idle_h cool_c hyd_c oil_kpa batt_v lat lon acc_m spd_kmh pitch roll cyc dtc lamp', defaults=(0, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, (), ()))

Message = namedtuple('Message', 'readings rejected', defaults=((),))
RANGES = {
  'rpm': (0, 8032), 'load_pct': (0, 250), 'fuel_lph': (0, 3213), 'fuel_used_l': (0, 2200000000.0),
  'fuel_pct': (0, 100), 'def_pct': (0, 100), 'op_h': (0, 220000000.0), 'idle_h': (0, 220000000.0),
  'cool_c': (-60, 250), 'hyd_c': (-60, 250), 'oil_kpa': (0, 1000), 'batt_v': (0, 100),
  'lat': (-90, 90), 'lon': (-180, 180), 'acc_m': (0, 10000000000.0), 'spd_kmh': (0, 251),
  'pitch': (-180, 180), 'roll': (-180, 180), 'cyc': (0, 1000000000000.0),
}

def probe_name(site):
  return f'probe-{site}'

def format_time(t):
  return datetime.fromtimestamp(t, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')

# --- chantier.decoding
HUGE = 10 ** 40
INF = float('inf')
FIRST_T, LAST_T = (946684800, 4102444800)
MOST = (524287, 31, 127, 255)

def decode(body, *, now=None):
  if not isinstance(body, dict):
    raise Malformed(f'message is {_kind(body)}, expected an object')
  version = body.get('v')
  if type(version) is not int or version < 1:
    raise Malformed(f'v is {_kind(version)}, expected {VERSION}')
  if version > VERSION:
    raise Malformed(f'v is {version}, newer than {VERSION}, the newest this stack reads')
  said = body.get('readings')
  if not isinstance(said, list):
    raise Malformed(f'readings is {_kind(said)}, expected a list')
  if not said:
    raise Malformed('readings is empty')
  good = []
  rejected = []
  for index, one in enumerate(said):
    try:
      good.append(read(one, now=now))
    except Malformed as fault:
      rejected.append(f'readings[{index}]: {fault.message}')
  good.sort(key=lambda reading: (reading.t, reading.seq))
  return Message(tuple(good), tuple(rejected))

def read(said, *, now=None):
  if not isinstance(said, dict):
    raise Malformed(f'is {_kind(said)}, expected an object')
  if 't' not in said:
    raise Malformed('t is missing')
  t = parse_time(said['t'])
  if now is not None and t > now + MAX_AHEAD_S:
    raise Malformed(f't is {format_time(t)}, {t - now} s ahead of the clock')
  values = {key: _number(key, said[key]) for key in RANGES if key in said}
  return Reading(t=t, seq=_sequence(said.get('seq', 0)), st=_choice('st', said.get('st'), STATES), eng=_switch(said.get('eng')), dtc=_codes(said.get('dtc', [])), lamp=_lamps(said.get('lamp', [])), **values)

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

def _number(key, value):
  low, high = RANGES[key]
  if type(value) is float or type(value) is int:
    if low <= value <= high:
      return round(value, 6)
    if -INF < value < INF:
      return None
  raise Malformed(f'{key} is {_kind(value)}, expected a number')

def _sequence(value):
  if type(value) is not int or value < 0:
    raise Malformed(f'seq is {_kind(value)}, expected a whole number from 0')
  return value

def _switch(value):
  if value is None or isinstance(value, bool):
    return value
  raise Malformed(f'eng is {_kind(value)}, expected true or false')

def _choice(key, value, allowed):
  if value is None:
    return None
  if isinstance(value, str) and value in allowed:
    return value
  raise Malformed(f'{key} is {_kind(value)}, expected one of {allowed}')

def _lamps(value):
  lit = [value] if isinstance(value, str) else value
  if not isinstance(lit, list):
    raise Malformed(f'lamp is {_kind(value)}, expected any of {LAMPS}')
  for lamp in lit:
    _choice('lamp', lamp if lamp is not None else 'null', LAMPS)
  return tuple(lit)

def _codes(value):
  if not isinstance(value, list) or len(value) > MAX_DTC:
    raise Malformed(f'dtc is {_kind(value)}, expected at most {MAX_DTC} of [spn, fmi, oc]')
  return tuple((code for code in map(_code, value) if code[:2] != (0, 0)))

def _code(code):
  if isinstance(code, list) and len(MOST) - 1 <= len(code) <= len(MOST) and all((type(n) is int and 0 <= n <= most for n, most in zip(code, MOST, strict=False))):
    return tuple(code)
  raise Malformed(f'dtc holds {_kind(code)}, expected [spn, fmi, oc] as whole numbers')

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

# --- chantier.detection.running

def engine_runs(reading):
  if reading.eng is not None:
    return None if not reading.eng and (reading.rpm or 0) > 0 else reading.eng
  if reading.rpm is not None:
    return reading.rpm > 0
  return None if reading.st is None else reading.st != 'OFF'

# --- chantier.detection.told
NOT_FOLLOWED = Track()
WAIT = 'wait'
FORGET = 'forget'

class Told(namedtuple('Told', 'kind code track severity fault limit unit', defaults=('info', '', None, ''))):
  __slots__ = ()
  @property
  def name(self):
    return f'{self.code}:{self.fault}' if self.fault else self.code

def ended(code, track, *, severity='info', unit=''):
  if track is None:
    return []
  return [Told('close' if track.level else FORGET, code, track, severity, unit=unit)]

# --- chantier.detection.faults
DTC = 'DTC'
FAULT_CODE = {
  'absent_for_s': 60.0, 'restart_s': 30.0,
}
FAULT_SEVERITIES = ('warning', 'critical')
MOST_FAULTS = 50
NO_COUNT = 127

def lamp_level(lamps):
  return 2 if 'RSL' in lamps else 1

def fault_name(code):
  name = f'{code[0]}-{code[1]}'
  return f'{name}@{code[3]}' if len(code) > 3 else name

def follow_faults(now, reading, rules, tracks):
  level = lamp_level(reading.lamp)
  told = engine_runs(reading) is not None or now.engine_on or now.parked
  active = {fault_name(code): None if code[2] == NO_COUNT else float(code[2]) for code in reading.dtc}
  followed = {name.partition(':')[2]: track._replace(base=1.0) if told else track for name, track in tracks.items() if name.startswith(f'{DTC}:')}
  room = MOST_FAULTS - len(followed)
  for fault, count in active.items():
    if fault in followed:
      yield _active(fault, count, level, followed[fault])
    elif room > 0:
      room -= 1
      fresh = Track(level, (), reading.t, reading.t, base=1.0 if told else 0.0, readings=1)
      severity = FAULT_SEVERITIES[level - 1]
      yield Told('open', DTC, fresh._replace(worst=count), severity, fault)
  absent = [fault for fault in followed if fault not in active]
  for fault in absent[:MOST_FAULTS]:
    yield _absent(fault, followed[fault], now, reading, rules.limits[DTC])

def _active(fault, known, level, track):
  counts = [one for one in (known, track.worst) if one is not None]
  seen = track._replace(calm=0, worst=max(counts, default=None), readings=track.readings + 1)
  if level > track.level:
    return Told('escalate', DTC, seen._replace(level=level), FAULT_SEVERITIES[level - 1], fault)
  return Told('update', DTC, seen, FAULT_SEVERITIES[track.level - 1], fault)

def _absent(fault, track, now, reading, numbers):
  if not now.engine_on and (track.base or engine_runs(reading) is False):
    return Told(WAIT, DTC, track._replace(calm=0), fault=fault)
  calm = track.calm or reading.t
  needed = numbers['absent_for_s']
  if calm == now.engine_on:
    needed = min(numbers['restart_s'], needed)
  kind = 'close' if reading.t - calm >= needed else WAIT
  severity = FAULT_SEVERITIES[track.level - 1]
  return Told(kind, DTC, track._replace(calm=calm), severity, fault)

# --- chantier.detection.fuel
FUEL_DROP = {
  'litres': 10.0, 'percent': 3.0, 'within_s': 600,
}
REFUEL = {
  'litres': 20.0, 'percent': 15.0, 'over_s': 300,
}
STANDING_KMH = 1.0
UNSEEN_S = 7200
RAN_H = 0.1
MORE_PCT = 2.0
EXACT = 6

def mark_fuel(now, reading, within_s, *, filling):
  pct, low = (_level(reading), now.low)
  if filling:
    low = None
  elif pct is not None and now.fuel is not None:
    fallen = max(pct, now.fuel)
    low = fallen if low is None else min(low, fallen)
  return now._replace(levels=_marked(now, reading, within_s), low=low, fuel=pct)

def _marked(now, reading, within_s):
  pct = _level(reading)
  if _moves(reading):
    return ()
  if now.engine_on:
    return now.levels if now.engine_on == reading.t else ()
  if pct is None or not (now.levels or engine_runs(reading) is False):
    return now.levels
  risen = pct if now.fuel is None else min(pct, now.fuel)
  higher = (mark for mark in _counting(now.levels, reading, within_s) if mark.pct > risen)
  return (*higher, Mark(reading.t, risen, reading.op_h or None))

def _counting(levels, reading, within_s):
  recent = tuple((mark for mark in levels if reading.t - mark.t <= within_s)) or levels[-1:]
  return tuple((mark for mark in recent if not _may_have_run(mark, reading)))

def _compared(levels, reading, within_s):
  recent = tuple((mark for mark in levels if levels[-1].t - mark.t <= within_s))
  before = levels[-2:] if len(recent) <= 1 else recent
  return tuple((mark for mark in before if not _may_have_run(mark, reading)))

def _may_have_run(mark, reading):
  if mark.hours and reading.op_h:
    return reading.op_h - mark.hours > RAN_H
  return reading.t - mark.t > UNSEEN_S

def _level(reading):
  return None if _moves(reading) else reading.fuel_pct

def _moves(reading):
  return (reading.spd_kmh or 0.0) > STANDING_KMH

def follow_fuel(now, reading, rules, tracks):
  pct, theft = (_level(reading), tracks.get('FUEL_DROP'))
  if theft is not None and now.engine_on and (not theft.calm):
    yield Told(WAIT, 'FUEL_DROP', theft._replace(calm=1))
  if pct is None or now.fuel is None:
    return
  fallen, risen = (max(pct, now.fuel), min(pct, now.fuel))
  within_s = rules.limits['FUEL_DROP']['within_s']
  marks = _compared(now.levels, reading, within_s)
  if theft is None or theft.calm:
    yield from _drop(theft, marks, fallen, reading.t, rules)
  elif not now.engine_on:
    yield from _theft_goes_on(theft, fallen, rules)
  yield from _refuel(now.low, risen, reading.t, rules, tracks.get('REFUEL'))

def _theft_goes_on(track, pct, rules):
  lost = _quantity(rules, track.base - pct)
  if lost - (track.worst or 0.0) >= _quantity(rules, MORE_PCT):
    yield _theft('update', track._replace(worst=lost, readings=track.readings + 1), rules)

def _drop(track, marks, pct, t, rules):
  numbers = rules.limits['FUEL_DROP']
  lost = round(marks[0].pct - pct, EXACT) if marks else 0.0
  if lost < _share(rules, numbers['percent'], numbers['litres']):
    return
  if track is None:
    since, base = (marks[0].t, marks[0].pct)
    fresh = Track(1, (), since, t, worst=_quantity(rules, lost), base=base, readings=1)
    yield _theft('open', fresh, rules)
    return
  total = round((track.worst or 0.0) + _quantity(rules, lost), 1)
  base = pct + (total / rules.tank_l * 100 if rules.tank_l else total)
  more = track._replace(worst=total, base=base, calm=0, readings=track.readings + 1)
  yield _theft('escalate', more, rules)

def _theft(kind, track, rules):
  return Told(kind, 'FUEL_DROP', track, 'critical', unit=_unit(rules))

def _refuel(low, pct, t, rules, track):
  numbers, unit = (rules.limits['REFUEL'], _unit(rules))
  if track is None:
    if low is None or round(pct - low, EXACT) < _share(rules, numbers['percent'], numbers['litres']):
      return
    added = _quantity(rules, pct - low)
    fresh = Track(1, (), t, opened_at=t, calm=t, worst=added, base=low, readings=1)
    yield Told('open', 'REFUEL', fresh, 'info', unit=unit)
    return
  added = _quantity(rules, pct - track.base)
  if added > (track.worst or 0.0):
    risen = track._replace(worst=added, calm=t, readings=track.readings + 1)
    yield Told('update', 'REFUEL', risen, 'info', unit=unit)
  elif t - track.calm >= numbers['over_s']:
    yield Told('close', 'REFUEL', track, 'info', unit=unit)
  else:
    yield Told(WAIT, 'REFUEL', track)

def _share(rules, percent, litres):
  return max(percent, litres / rules.tank_l * 100) if rules.tank_l else percent

def _quantity(rules, percent):
  return round(percent * rules.tank_l / 100, 1) if rules.tank_l else round(percent, 1)

def _unit(rules):
  return 'L' if rules.tank_l else '%'

# --- chantier.detection.idling
IDLE_LONG = {
  'info_s': 300.0, 'warning_s': 900.0, 'work_s': 30.0, 'truck_wait_s': 600.0,
}
CYCLE_S = 60
IDLE_SEVERITIES = ('info', 'warning')
MINUTE_S = 60

def mark_cycles(now, reading):
  if reading.cyc is None:
    return now
  if now.cycles is None:
    return now._replace(cycles=(reading.cyc, 0))
  if reading.cyc == now.cycles[0]:
    return now
  return now._replace(cycles=(reading.cyc, reading.t))

def follow_idling(now, reading, rules, tracks):
  track = tracks.get('IDLE_LONG')
  stopped = engine_runs(reading) is False or reading.st == 'OFF'
  if reading.st is None and (not stopped):
    return
  numbers = rules.limits['IDLE_LONG']
  if reading.st == 'IDLE' and (not stopped):
    yield from _idle(now, reading.t, track, numbers)
  elif track is not None:
    working = track._replace(calm=track.calm or reading.t)
    if not stopped and reading.t - working.calm < numbers['work_s']:
      yield Told(WAIT, 'IDLE_LONG', working)
    elif track.level:
      idle_s = working.calm - track.held[0]
      yield _idling('close', working._replace(worst=float(idle_s // MINUTE_S)), numbers)
    else:
      yield Told(FORGET, 'IDLE_LONG', working)

def _idle(now, t, track, numbers):
  if track is None:
    loaded = now.cycles is not None and t - now.cycles[1] <= CYCLE_S
    first = max(numbers['info_s'], numbers['truck_wait_s'] if loaded else 0)
    yield Told(WAIT, 'IDLE_LONG', Track(held=(t,), base=first))
    return
  idle_s = t - track.held[0]
  level = sum((idle_s >= limit for limit in (track.base, max(track.base, numbers['warning_s']))))
  if level <= track.level:
    if track.calm:
      yield Told(WAIT, 'IDLE_LONG', track._replace(calm=0))
    return
  risen = track._replace(level=level, since=track.held[0], opened_at=track.opened_at or t, calm=0, worst=float(idle_s // MINUTE_S), readings=track.readings + 1)
  yield _idling('escalate' if track.level else 'open', risen, numbers)

def _idling(kind, track, numbers):
  limit_s = track.base if track.level == 1 else max(track.base, numbers['warning_s'])
  severity = IDLE_SEVERITIES[track.level - 1]
  return Told(kind, 'IDLE_LONG', track, severity, limit=limit_s / MINUTE_S, unit='min')

# --- chantier.detection.off_hours
OFF_HOURS = {
  'for_s': 300.0,
}
DAY_S = 86400
FIRST_WEEKDAY = 3
ANY_OFFSET = 100000

def ahead_of_utc(opening, t):
  index = bisect_right(opening.offsets, (t, ANY_OFFSET))
  return opening.offsets[max(index - 1, 0)][1]

def is_open(opening, t):
  day, second = divmod(t + ahead_of_utc(opening, t), DAY_S)
  if day in opening.off:
    return False
  first, last = opening.week[(day + FIRST_WEEKDAY) % 7]
  return first * 60 <= second < last * 60

def follow_hours(now, reading, rules, tracks):
  opening, track = (rules.opening, tracks.get('OFF_HOURS'))
  if opening is None or not now.engine_on or is_open(opening, reading.t):
    yield from ended('OFF_HOURS', track, severity='warning')
  elif track is None:
    yield Told(WAIT, 'OFF_HOURS', Track(held=(reading.t,)))
  elif not track.level and reading.t - track.held[0] >= rules.limits['OFF_HOURS']['for_s']:
    since = track.held[0]
    fresh = track._replace(level=1, since=since, opened_at=reading.t, readings=1)
    yield Told('open', 'OFF_HOURS', fresh, 'warning')

# --- chantier.detection.ground
DEGREE_M = 111195.0
FAR_M = 1000000000000.0

def metres_between(lat, lon, other):
  east = (other[1] - lon + 180.0) % 360.0 - 180.0
  return DEGREE_M * hypot(other[0] - lat, east * cos(radians(lat)))

def holds(polygon, lat, lon):
  inside = False
  for ring in polygon:
    before_lat, before_lon = ring[-1]
    for corner_lat, corner_lon in ring:
      if (corner_lat > lat) != (before_lat > lat):
        share = (lat - corner_lat) / (before_lat - corner_lat)
        if lon < corner_lon + share * (before_lon - corner_lon):
          inside = not inside
      before_lat, before_lon = (corner_lat, corner_lon)
  return inside

def metres_from_border(polygon, lat, lon):
  return min((_to_ring(ring, lat, lon) for ring in polygon))

def _to_ring(ring, lat, lon):
  east_m = DEGREE_M * cos(radians(lat))
  points = [((one[0] - lat) * DEGREE_M, (one[1] - lon) * east_m) for one in ring]
  nearest = FAR_M
  north, east = points[-1]
  for next_north, next_east in points:
    along_north, along_east = (next_north - north, next_east - east)
    square = along_north * along_north + along_east * along_east
    share = -(north * along_north + east * along_east) / square if square else 0.0
    share = min(1.0, max(0.0, share))
    nearest = min(nearest, hypot(north + share * along_north, east + share * along_east))
    north, east = (next_north, next_east)
  return nearest

# --- chantier.detection.place
GEOFENCE_EXIT = {
  'for_s': 60, 'accuracy_m': 5.0,
}
TOW = {
  'metres': 100.0,
}
PARKED_M = 25.0
STEP_M = 50.0

def fix_of(reading):
  if reading.lat is None or reading.lon is None or (reading.lat == 0 and reading.lon == 0):
    return None
  return (reading.lat, reading.lon)

def follow_fence(reading, rules, tracks):
  fix = fix_of(reading)
  track = tracks.get('GEOFENCE_EXIT')
  if not rules.zones:
    yield from ended('GEOFENCE_EXIT', track, severity='warning', unit='m')
  if fix is None or not rules.zones:
    return
  if any((holds(zone, *fix) for zone in rules.zones)):
    yield from _inside(track, reading.t)
    return
  away = min((metres_from_border(zone, *fix) for zone in rules.zones), default=FAR_M)
  numbers = rules.limits['GEOFENCE_EXIT']
  radius = numbers['accuracy_m'] if reading.acc_m is None else reading.acc_m
  if away <= radius:
    if track is not None:
      undecided = track._replace(calm=0) if track.level else track
      yield Told(WAIT if track.level else FORGET, 'GEOFENCE_EXIT', undecided)
    return
  yield from _outside(track, reading.t, round(away), numbers['for_s'])

def _inside(track, t):
  if track is None:
    return
  if not track.level:
    yield Told(FORGET, 'GEOFENCE_EXIT', track)
  elif not track.calm:
    yield Told(WAIT, 'GEOFENCE_EXIT', track._replace(calm=t))
  else:
    yield Told('close', 'GEOFENCE_EXIT', track, 'warning', unit='m')

def _outside(track, t, away, for_s):
  if track is None:
    yield Told(WAIT, 'GEOFENCE_EXIT', Track(held=(t,)))
  elif not track.level:
    if t - track.held[0] >= for_s:
      since = track.held[0]
      fresh = Track(1, track.held, since, opened_at=t, worst=away, readings=1)
      yield Told('open', 'GEOFENCE_EXIT', fresh, 'warning', unit='m')
  elif away - (track.worst or 0.0) >= STEP_M:
    farther = track._replace(calm=0, worst=away, readings=track.readings + 1)
    yield Told('update', 'GEOFENCE_EXIT', farther, 'warning', unit='m')
  elif track.calm:
    yield Told(WAIT, 'GEOFENCE_EXIT', track._replace(calm=0))

def mark_parked(now, reading):
  if now.engine_on:
    return now if now.parked is None else now._replace(parked=None)
  if now.parked is not None and now.hours and reading.op_h and (reading.op_h - now.hours > RAN_H):
    now = now._replace(parked=None)
  fix = fix_of(reading)
  good = (reading.acc_m or 0.0) <= PARKED_M
  if now.parked is None and fix is not None and good and (engine_runs(reading) is False):
    return now._replace(parked=fix)
  return now

def follow_tow(now, reading, rules, tracks):
  track = tracks.get('TOW')
  if now.engine_on:
    yield from _driven(track)
    return
  fix = fix_of(reading)
  if fix is None or now.parked is None:
    return
  metres = metres_between(*fix, now.parked)
  away = round(metres)
  if track is not None and track.level:
    far = metres - (reading.acc_m or 0.0) > rules.limits['TOW']['metres']
    yield from _towed_on(track, reading.t, away, far=far)
  elif metres - (reading.acc_m or 0.0) <= rules.limits['TOW']['metres']:
    if track is not None:
      yield Told(FORGET, 'TOW', track)
  elif track is None:
    yield Told(WAIT, 'TOW', Track(held=(reading.t,)))
  else:
    since = track.held[0]
    fresh = Track(1, track.held, since, reading.t, worst=away, base=away, readings=1)
    yield Told('open', 'TOW', fresh, 'critical', unit='m')

def _towed_on(track, t, away, *, far):
  worst = max(away, track.worst or 0.0)
  moved = track._replace(calm=0, worst=worst, base=away, readings=track.readings + 1)
  if not track.calm:
    if abs(away - track.base) >= STEP_M:
      yield Told('update', 'TOW', moved, 'critical', unit='m')
  elif far and track.held:
    yield Told('escalate', 'TOW', moved, 'critical', unit='m')
  elif far or track.held:
    yield Told(WAIT, 'TOW', track._replace(held=(0, t) if far else ()))

def _driven(track):
  if track is not None and (not track.calm):
    parked = track._replace(calm=track.level, held=())
    yield Told(WAIT if track.level else FORGET, 'TOW', parked)

# --- chantier.detection.silence
NO_SIGNAL = {
  'running_s': 900.0, 'parked_s': 172800.0,
}
SILENCE_SEVERITIES = ('info', 'warning')

def end_silence(track):
  if track is not None:
    severity = SILENCE_SEVERITIES[track.level - 1]
    yield Told('close', 'NO_SIGNAL', track, severity, unit='min')

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
INTERVALS_H = (2000, 1000, 500, 250)
SERVICE_SEVERITIES = ('info', 'warning')

def mark_service(now, reading, every_h):
  hours, before = (reading.op_h, now.hours)
  if not hours:
    return now
  if now.service_h is None:
    return now._replace(service_h=floor(hours / every_h) * every_h)
  if before is not None and max(hours, before) < now.service_h - every_h:
    return now._replace(service_h=floor(max(hours, before) / every_h) * every_h)
  return now

def follow_service(now, reading, rules, tracks):
  if not reading.op_h or now.service_h is None:
    return
  numbers = rules.limits['SERVICE_DUE']
  due = now.service_h + numbers['every_h']
  hours = min(reading.op_h, now.hours or reading.op_h)
  level = sum((hours >= at for at in (due - numbers['before_h'], due)))
  if not level and (not tracks):
    return
  for name, track in tracks.items():
    code, _, fault = name.partition(':')
    if code == 'SERVICE_DUE' and track.base != due:
      yield _service('close', track, fault, track.base)
  kind = interval(due, numbers['every_h'])
  track = tracks.get(f'SERVICE_DUE:{kind}', Track())
  track = track if track.base == due else Track()
  if (told := rise(track, level, reading.t, reading.t)):
    yield _service(told[0], told[1]._replace(worst=hours, base=due), kind, due)

def _service(kind, track, fault, due):
  severity = SERVICE_SEVERITIES[track.level - 1]
  return Told(kind, 'SERVICE_DUE', track, severity, fault, limit=due, unit='h')

def interval(due, every_h):
  known = (one for one in INTERVALS_H if every_h == INTERVALS_H[-1] and due % one == 0)
  return f'{next(known, every_h):g}'

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
DEFAULT_RULES = rules_for()

# --- chantier.detection.thresholds

def follow_thresholds(now, reading, rules, tracks):
  running = reading.t - now.engine_on if now.engine_on else -1
  for rule in rules.conditions:
    if rule.stops and running < 0:
      yield from _stopped(rule, tracks.get(rule.code))
      continue
    value = getattr(reading, rule.field)
    if value is None or not _judged(rule, running, reading.rpm or 0.0):
      continue
    if rule.absolute:
      value = abs(value)
    name = f'{rule.code}:{rule.fault}' if rule.fault else rule.code
    track = tracks.get(name, NOT_FOLLOWED)
    if track is NOT_FOLLOWED and (not COMPARE[rule.opens](value, rule.levels[0].limit)):
      continue
    kind, track = step(rule, track, value, reading.t)
    if kind:
      yield _told(kind, rule, track)
    else:
      wait = FORGET if track == NOT_FOLLOWED else WAIT
      yield Told(wait, rule.code, track, fault=rule.fault)

def _told(kind, rule, track):
  level = rule.levels[track.level - 1]
  limit = round(level.limit + track.base - rule.levels[0].limit, 6)
  return Told(kind, rule.code, track, level.severity, rule.fault, limit, rule.unit)

def _stopped(rule, track):
  if track is not None:
    yield (_told('close', rule, track) if track.level else Told(FORGET, rule.code, track))

def _judged(rule, running, rpm):
  if running <= rule.inhibit_s and (running >= 0 or rule.engine):
    return False
  return rule.above_rpm < rpm <= rule.up_to_rpm

# --- chantier.detection.observe

def observe(memory, reading, rules=DEFAULT_RULES):
  if (reading.t, reading.seq) <= (memory.t, memory.seq):
    return (memory, ())
  now = _moved_on(memory, reading, rules)
  tracks = dict(memory.tracks)
  events = []
  for told in _families(now, reading, rules, tracks):
    keep(tracks, told)
    if told.kind not in (WAIT, FORGET):
      events.append(event_of(told, now, reading.t))
  if reading.fuel_pct is not None or now.levels or now.fuel is not None:
    within_s = rules.limits['FUEL_DROP']['within_s']
    now = mark_fuel(now, reading, within_s, filling='REFUEL' in tracks)
  if reading.op_h:
    now = now._replace(hours=reading.op_h)
  if tracks or memory.tracks:
    now = now._replace(tracks=tuple(sorted(tracks.items())))
  return (now, tuple(events))

def _moved_on(memory, reading, rules):
  fix = fix_of(reading) or (memory.lat, memory.lon)
  now = memory._replace(t=reading.t, seq=reading.seq, engine_on=_engine_on(memory.engine_on, reading), lat=fix[0], lon=fix[1])
  now = mark_parked(mark_cycles(now, reading), reading)
  return mark_service(now, reading, rules.limits['SERVICE_DUE']['every_h'])

def _families(now, reading, rules, tracks):
  before = dict(tracks)
  yield from follow_thresholds(now, reading, rules, before)
  yield from follow_fuel(now, reading, rules, before)
  yield from follow_idling(now, reading, rules, before)
  yield from follow_hours(now, reading, rules, before)
  yield from follow_fence(reading, rules, before)
  yield from follow_tow(now, reading, rules, before)
  yield from follow_service(now, reading, rules, before)
  if reading.dtc or before:
    yield from follow_faults(now, reading, rules, before)

def _engine_on(since, reading):
  running = engine_runs(reading)
  if running is None:
    return since
  return since or reading.t if running else 0

def keep(tracks, told):
  if told.kind in ('close', FORGET) or told.track == NOT_FOLLOWED:
    tracks.pop(told.name, None)
  else:
    tracks[told.name] = told.track

def event_of(told, now, t):
  track = told.track
  return Event(kind=told.kind, code=told.code, fault=told.fault, severity=told.severity, level=track.level, t=t, since=track.since, opened_at=track.opened_at, value=track.worst, limit=told.limit, unit=told.unit, lat=now.lat, lon=now.lon, readings=track.readings)

# --- chantier.detection.passing

def hear(memory, arrived):
  track = dict(memory.tracks).get('NO_SIGNAL')
  if track is not None and arrived < track.opened_at:
    track = None
  heard = max(memory.heard, arrived)
  return _apply(memory._replace(heard=heard), [*end_silence(track)], heard)

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
PLAIN = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/'
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

def put_object(service, bucket, key, body):
  service.call('PUT', f'/{bucket}/{quoted(key)}', {'content-type': 'application/json'}, body)

def _error_code(answer):
  text = answer.decode(errors='replace')
  if text.startswith('{'):
    return str(json.loads(text).get('__type', '')).rpartition('#')[2]
  return text.partition('<Code>')[2].partition('</Code>')[0] or 'Unknown'

def quoted(key):
  return ''.join((chr(byte) if byte in PLAIN else f'%{byte:02X}' for byte in key.encode()))

# --- chantier.records
MACHINE = 'machine'
KEY = 'key'
MEMORY = 'MEMORY'
OPEN_SITE = 'open_site'
TELL_SITE = 'tell_site'
TELL_AT = 'tell_at'
CLOSED_AT = 'closed_at'
ACKED_AT = 'acked_at'
NOTE = 'note'
EXPIRES_AT = 'expires_at'
REMEMBERED = 'memory'
REVISION = 'version'
PRIORITIES = {
  'critical': 'high', 'warning': 'medium', 'info': 'low',
}
QUARANTINE = 'quarantine/'

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

# --- chantier.functions.detect
MOST_REASONS = 10
LAST_MS = 4102444800000

class Detect:
  def __init__(self, settings, words):
    self.keeper = Keeper(settings, words)
    self.keeper.machines[probe_name(self.keeper.site)] = Watched('', DEFAULT_RULES)
    self.bucket = os.environ['BUCKET']
    self.s3 = Service('s3')
  def handle(self, event, _context=None):
    said = {'began_at': _now_ms(), 'machine': None, 'readings': 0, 'alerts': []}
    if event == {}:
      said['warm'] = True
    else:
      self._take(event, said)
    said['stored_at'] = _now_ms()
    log_line(said)
    return said
  def _take(self, event, said):
    body = event if isinstance(event, dict) else {}
    machine = str(body.get('machine', 'unknown'))
    arrived = body.get('arrived_at')
    if type(arrived) is not int or not 0 <= arrived < LAST_MS:
      arrived = int(_now_ms())
    said.update(machine=machine, arrived_at=arrived)
    message = self._read(event, machine, arrived)
    if message.rejected:
      reason = '; '.join(message.rejected[:MOST_REASONS])
      said['quarantined'] = self._quarantine(event, machine, arrived, reason)
    if message.readings:
      newest = message.readings[-1]
      said.update(readings=len(message.readings), t=newest.t, seq=newest.seq)
    if machine in self.keeper.machines:
      said['alerts'], late = self._judge(machine, message, arrived // 1000)
      if late:
        said['late'] = late
  def _read(self, event, machine, arrived):
    if isinstance(event, dict) and machine not in self.keeper.machines:
      return Message((), (f'machine {machine[:64]!r} is not in the site file',))
    try:
      return decode(event, now=arrived // 1000)
    except Malformed as fault:
      return Message((), (fault.message,))
  def _judge(self, machine, message, arrived):
    rules = self.keeper.machines[machine].rules
    late = set()
    def judge(memory, reading):
      if (reading.t, reading.seq) <= (memory.t, memory.seq):
        late.add(reading)
      return observe(memory, reading, rules)
    judges = (partial(judge, reading=one) for one in message.readings)
    changed = self.keeper.judge(machine, partial(hear, arrived=arrived), *judges, arrived=arrived)
    return (changed, len(late))
  def _quarantine(self, event, machine, arrived, reason):
    try:
      text = json.dumps(event, sort_keys=True)
    except RecursionError:
      text, reason = ('null', f'{reason}; too deep to copy here, the raw data has it')
    mark = hashlib.sha256(text.replace(str(arrived), '').encode()).hexdigest()[:32]
    day = format_time(arrived // 1000)[:10]
    kept = {'reason': reason, 'machine': machine, 'arrived_at': arrived, 'message': text}
    key = f'{QUARANTINE}dt={day}/{machine}-{mark}.json'
    put_object(self.s3, self.bucket, key, json.dumps(kept).encode())
    return reason

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

handler = Detect(SETTINGS, WORDS).handle
