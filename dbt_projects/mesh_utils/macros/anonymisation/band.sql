{# A band holds its lower edge and not its upper one, so that the bands are a partition. #}
{% macro band(number, edges, labels=none) -%}
  {%- if edges is string or edges is not sequence or not edges -%}
    {{ _refuse('band', 'edges', edges, 'a list of numbers such as [10, 25]') }}
  {%- endif -%}
  {%- for below, edge in zip([none] + edges, edges)
      if edge is not number or (below is number and edge <= below) -%}
    {{ _refuse('band', 'edges', edges, 'numbers, each above the one before') }}
  {%- endfor -%}
  {%- if labels is none -%}
    {%- set labels = ['under_' ~ edges[0]] -%}
    {%- for edge in edges[1:] %}{% do labels.append(edges[loop.index0] ~ '_to_' ~ edge) %}{% endfor -%}
    {%- do labels.append(edges[-1] ~ '_and_over') -%}
  {%- elif labels is string or labels | length != edges | length + 1 -%}
    {{ _refuse('band', 'labels', labels,
               (edges | length + 1) ~ ' texts: there is one band more than there are edges') }}
  {%- endif -%}
  case
        {%- for edge in edges %}
        when {{ number }} < {{ edge }} then {{ _literal(labels[loop.index0]) }}
        {%- endfor %}
        when {{ number }} >= {{ edges[-1] }} then {{ _literal(labels[-1]) }}
    end
{%- endmacro %}
