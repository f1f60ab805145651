"""What `mesh new` writes: the shortest files that run, and say where to go on. No logic here.

`$name` and the like are filled in (string.Template); `$$` is a dollar sign.
"""

from __future__ import annotations

from string import Template

DOMAIN_YAML = Template(
    """\
title: $title
kind: $kind
purpose: $purpose
team:
  name: $title
  email: $email
  members: [{name: $owner, role: owner, email: $email}]
# schedule: "15 5 * * *"   # when it runs by itself
# sources:                 # what comes from outside: `landing` in the models
#   readings:
#     description: One row a reading.
#     path: data/readings.csv
# inputs:                  # what other domains publish
#   sales.purchases: {version: 1, purpose: Why we read it.}
"""
)

DOMAIN_INIT = Template(
    '''\
"""$title: the code location of this domain; everything it holds is found by the platform."""

from mesh_defs import domain_location

defs = domain_location(__file__)
'''
)

DBT_PROJECT = Template(
    """\
name: $name
version: 1.0.0
config-version: 2
profile: mesh
model-paths: [models, "{{ env_var('MESH_DBT_SOURCES', 'sources') }}"]
macro-paths: [macros, ../mesh_utils/macros]
flags:
  send_anonymous_usage_stats: false
models:
  $name:
    +materialized: table
"""
)

MODEL = Template(
    """\
{# Write what makes $name here. Read a source as {{ source('landing', 'readings') }}, another
   domain's product as {{ source('sales', 'purchases') }}, a model of yours as {{ ref('...') }}. #}
select 1 as id
"""
)

CONTRACT = Template(
    """\
apiVersion: v3.2.0
kind: DataContract
id: urn:datacontract:$domain.$name
name: $title
version: 1.0.0
status: draft
domain: $domain
dataProduct: $name
description:
  purpose: $title, as $domain knows it.
servers:
  - {server: lake, type: local, path: lake/$domain/products/$name/v1, format: delta}
schema:
  - name: $name
    physicalType: table
    description: One row a thing, with a number of its own.
    properties:
      - {name: id, description: The number., logicalType: integer, primaryKey: true, required: true}
    quality:
      - {id: not_empty, type: library, metric: rowCount, mustBeGreaterThan: 0}
price: {priceAmount: 0, priceCurrency: USD, priceUnit: month}
team:
  name: $team
  members:
    - {username: $email, name: $owner, role: owner}
support:
  - {channel: $channel, tool: email, url: "mailto:$team_email"}
customProperties:
  - {property: noticePeriod, value: P30D}
"""
)

DESCRIPTOR = Template(
    """\
apiVersion: v1.1.0
kind: DataProduct
id: urn:mesh:$domain.$name
name: $name
version: 1.0.0
status: draft
domain: $domain
description:
  purpose: $title, as $domain knows it.
outputPorts:
  - name: $name
    description: One row a thing, with a number of its own.
    type: delta
    version: 1.0.0
    contractId: urn:datacontract:$domain.$name
support:
  - {channel: $channel, tool: email, url: "mailto:$team_email"}
team:
  name: $team
  members:
    - {username: $email, name: $owner, role: owner}
"""
)

WORKSPACE_HEAD = """\
# What belongs to all domains, such as their agreements, is the location `mesh`. Each domain is a
# location of its own: one that breaks leaves the others loaded and running.
load_from:
  - python_module: {module_name: mesh_defs.platform, location_name: mesh}
"""
WORKSPACE_LINE = Template("  - python_module: {module_name: domains.$name, location_name: $name}\n")
