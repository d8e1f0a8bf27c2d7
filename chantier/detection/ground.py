"""Distances and polygons on the ground, in metres: flat geometry around one point.

A site is a few kilometres wide: what the curve of the earth adds is less than a fix's error.
"""

from __future__ import annotations

from math import cos, hypot, radians

from chantier.detection.rules import Polygon, Ring

# A degree of latitude on WGS-84, mean, m.
DEGREE_M = 111_195.0
FAR_M = 1e12


def metres_between(lat: float, lon: float, other: tuple[float, float]) -> float:
    """The distance of two points, m; the shorter way round the date line."""
    east = (other[1] - lon + 180.0) % 360.0 - 180.0
    return DEGREE_M * hypot(other[0] - lat, east * cos(radians(lat)))


def holds(polygon: Polygon, lat: float, lon: float) -> bool:
    """Whether a point is inside the outline and in none of the holes (even-odd rule)."""
    inside = False
    for ring in polygon:
        before_lat, before_lon = ring[-1]
        for corner_lat, corner_lon in ring:
            if (corner_lat > lat) != (before_lat > lat):
                share = (lat - corner_lat) / (before_lat - corner_lat)
                if lon < corner_lon + share * (before_lon - corner_lon):
                    inside = not inside
            before_lat, before_lon = corner_lat, corner_lon
    return inside


def metres_from_border(polygon: Polygon, lat: float, lon: float) -> float:
    """How far the nearest point of the outline or of a hole's edge is, m."""
    return min(_to_ring(ring, lat, lon) for ring in polygon)


def _to_ring(ring: Ring, lat: float, lon: float) -> float:
    east_m = DEGREE_M * cos(radians(lat))
    points = [((one[0] - lat) * DEGREE_M, (one[1] - lon) * east_m) for one in ring]
    nearest = FAR_M
    north, east = points[-1]
    for next_north, next_east in points:
        along_north, along_east = next_north - north, next_east - east
        square = along_north * along_north + along_east * along_east
        share = -(north * along_north + east * along_east) / square if square else 0.0
        share = min(1.0, max(0.0, share))
        nearest = min(nearest, hypot(north + share * along_north, east + share * along_east))
        north, east = next_north, next_east
    return nearest
