{# Whether an English verb ends a name in the past tense: a regular one, or one of these. A domain
   may know further ones: `vars: {participles: [flown]}` in its dbt_project.yml. #}
{% macro _past_tense(name) -%}
  {%- set irregular = [
      'bought', 'sold', 'paid', 'sent', 'made', 'begun', 'lost', 'won', 'found', 'left', 'kept',
      'held', 'built', 'given', 'taken', 'written', 'chosen', 'drawn', 'withdrawn', 'shown',
      'known', 'grown', 'thrown', 'broken', 'spoken', 'stolen', 'forgotten', 'seen', 'done', 'gone',
      'put', 'set', 'cut', 'shut', 'hit', 'let', 'split', 'met', 'led', 'fed', 'lent', 'spent',
      'meant', 'dealt', 'caught', 'taught', 'brought', 'sought', 'said', 'told', 'understood',
      'worn', 'torn', 'born', 'borne', 'come', 'become', 'overcome', 'driven', 'eaten', 'fallen',
      'risen', 'hidden', 'ridden', 'proven', 'shipped', 'read', 'reset', 'sunk', 'swept', 'bound',
      'run', 'undone', 'rebuilt', 'resold', 'resent', 'rewritten', 'overwritten', 'mistaken',
  ] + var('participles', []) -%}
  {%- set present = [
      'feed', 'need', 'seed', 'speed', 'bleed', 'breed', 'heed', 'weed', 'deed', 'embed', 'shed',
      'exceed', 'proceed', 'succeed', 'bed', 'red', 'sled', 'wed', 'shred', 'hundred', 'indeed',
  ] -%}
  {%- set words = name.split('_') -%}
  {%- set last = words[-1] -%}
  {{ return(
      modules.re.fullmatch('[a-z][a-z0-9]*(_[a-z0-9]+)+', name) is not none
      and (last in irregular or (last.endswith('ed') and last not in present))
  ) }}
{%- endmacro %}
