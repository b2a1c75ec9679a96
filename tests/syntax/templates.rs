//! Texts that are not finished configuration, and texts that only look so.

use nginx_wslint::syntax::parse;

use crate::{check_shape, errors, outline, source};

/// Parses a template; compares its language, the text that shows it, and what is certain of it.
#[track_caller]
fn template(text: &str, language: &str, shown: &str, left: &str) {
    let source = source(text);
    let ast = parse(&source);
    check_shape(&source, &ast);
    let found = ast.template().map(|template| (template.language, source.slice(template.span)));
    assert_eq!(found, Some((language, shown)));
    assert_eq!(outline(&source, &ast), left);
    assert_eq!(errors(&source, &ast), [""; 0]);
}

#[test]
fn jinja() {
    template(
        "# {{ managed }}\nserver {\n{# a note: } #}\n  listen {{ port }}{% if ssl %} ssl{% endif %};\n  {{ extra }}\n{% for l in ls %}\n  \
         location {{ l.path }} {\n    proxy_pass http://{{ l.host }}:{{ l.port }}/;\n    {% if l.ws %}proxy_http_version 1.1;{% endif %}\n  }\n\
         {% endfor %}\n}\n",
        "Jinja",
        "{# a note: } #}",
        "server {\n  listen {{ port }}{% if ssl %} ssl{% endif %}\n  location {{ l.path }} {\n    \
         proxy_pass http://{{ l.host }}:{{ l.port }}/\n    proxy_http_version 1.1\n",
    );
}

#[test]
fn braces_that_only_a_template_balances() {
    template(
        "{% if a %}\nserver {\n{% else %}\nserver {\n{% endif %}\n  listen 80;\n}\n",
        "Jinja",
        "{% if a %}",
        "server {\n  server {\n    listen 80\n",
    );
}

#[test]
fn go_templates() {
    template(
        "upstream {{ .Name }} {\n{{- range $c := .Servers }}\n  server {{ $c.IP }}:{{ .Port }};\n{{- end }}\n}\nserver { {{ template \"body\" . }} }\n",
        "Go template",
        "{{ .Name }}",
        "upstream {{ .Name }} {\n  server {{ $c.IP }}:{{ .Port }}\nserver {\n",
    );
}

#[test]
fn erb() {
    template(
        "server {\n  listen <%= @port %>;\n  <%- if @ssl -%>\n  ssl_certificate <%= @p[\"cert\"] %>;\n  <%- end -%>\n}\n",
        "ERB",
        "<%= @port %>",
        "server {\n  listen <%= @port %>\n  ssl_certificate <%= @p[\"cert\"] %>\n",
    );
}

#[test]
fn terraform() {
    template(
        "%{ for s in servers ~}\nserver {\n  listen ${s.port};\n%{ if s.tls }\n  ssl_certificate ${s.pem};\n  %{~ endif ~}\n}\n%{ endfor ~}\n",
        "Terraform",
        "%{ for s in servers ~}",
        "server {\n  listen ${s.port}\n  ssl_certificate ${s.pem}\n",
    );
}

#[test]
fn environment_variables() {
    template(
        "server {\n  listen ${PORT};\n  ${EXTRA}\n  $snippet_of_mine x;\n  proxy_pass http://$BACKEND;\n}\n",
        "envsubst",
        "${PORT}",
        "server {\n  listen ${PORT}\n  $snippet_of_mine x\n  proxy_pass http://$BACKEND\n",
    );
    template("s {\n  ${my_snippet}\n  listen 80;\n}\n", "envsubst", "${my_snippet}", "s {\n  listen 80\n");
}

#[test]
fn placeholders() {
    template("listen %ip%:%port%;", "placeholders", "%ip%", "listen %ip%:%port%\n");
    template("root @prefix@/www;", "placeholders", "@prefix@", "root @prefix@/www\n");
    template("root @@ROOT@@;", "placeholders", "@@ROOT@@", "root @@ROOT@@\n");
    template("proxy_pass http://a:__PORT__;", "placeholders", "__PORT__", "proxy_pass http://a:__PORT__\n");
    template("server_name <your domain>;", "placeholders", "<your domain>", "server_name <your domain>\n");
}

#[test]
fn excerpts() {
    template("s {\n  ...\n  listen 80;\n}\n", "excerpt", "...", "s {\n  listen 80\n");
    template(
        "s {\n  ... the rest as before\n  listen 80;\n}\n",
        "excerpt",
        "... the rest as before",
        "s {\n  listen 80\n",
    );
    template("location / { … }\n", "excerpt", "…", "location / {\n");
}

#[test]
fn a_mistake_before_the_template_is_still_told() {
    let source = source("s { a }\n{% if b %}\nc;\n{% endif %}\n");
    let ast = parse(&source);
    assert!(ast.template().is_some());
    assert_eq!(errors(&source, &ast), ["1: unexpected \"}\" at `}` doubts [\"a\"]"]);
}

#[test]
fn finished_configurations_are_no_templates() {
    for text in [
        "# {{ managed }} {% raw %} ${HOST}\na;",
        "proxy_pass http://${upstream}:$port$request_uri;",
        "set $HOST_NAME x; proxy_pass http://${HOST_NAME};",
        "map $host $BACKEND { default a; } server { location / { proxy_pass http://$BACKEND; } }",
        "location ~ ^/(?<NAME>[a-z]+)$ { proxy_pass http://$NAME; }",
        "location ~ ^/(?<year>\\d+)/(?P<ROOM>.+)$ { return 301 /$ROOM; }",
        "proxy_set_header Host $HTTP_HOST;",
        "rewrite ^/%E4%B8%AD$ /x%20y%20z;",
        "try_files $uri @backend; location @backend { }",
        "sub_filter '<head>' '<head><script>{{ x }}</script>';",
        "return 200 '{{ \"a\": 1 }}';",
        "log_format j '{\"a\":{\"b\":\"$uri\"}}';",
        "content_by_lua_block { local t = {{1, 2}, {3}} x = '${HOST}' y = '<%= z %>' }",
        "server {#comment\n}",
        "split_clients $uri $v { 50% a; * b; }",
        "location ~ \"^/a{2}\" { }",
        "include /etc/nginx/conf.d/*.conf; add_header X-A __a__;",
    ] {
        let source = source(text);
        let ast = parse(&source);
        assert_eq!(ast.template().map(|template| source.slice(template.span)), None, "{text}");
        assert_eq!(ast.errors(), [], "{text}");
    }
}
