" Vim with ALE, without a window: reads what the server finds, then fixes and saves. Leaves `found` behind.
set nocompatible
filetype plugin on
packadd ale
call ale#linter#Define('nginx', {
\   'name': 'nginx-wslint',
\   'lsp': 'stdio',
\   'executable': $NGINX_WSLINT,
\   'command': '%e server',
\   'project_root': {buffer -> fnamemodify(bufname(buffer), ':p:h')},
\})
let g:ale_fixers = {'nginx': [{buffer -> {'command': $NGINX_WSLINT . ' --fix --quiet --fail-on never --stdin-filename %s -'}}]}
edit nginx.conf
set ft=nginx
let end = localtime() + 30
while len(ale#engine#GetLoclist(bufnr(''))) < 2 && localtime() < end
  sleep 100m
endwhile
call writefile(map(copy(ale#engine#GetLoclist(bufnr(''))), {_, one -> one.lnum . ':' . one.col . ' ' . get(one, 'code', '') . ' ' . one.type}), 'found')
ALEFix
let end = localtime() + 30
while &modified == 0 && localtime() < end
  sleep 100m
endwhile
write
qall!
