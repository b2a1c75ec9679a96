-- In Neovim without a window: opens a broken file, reads what was found, applies fixes, saves.
--
-- nvim --headless --clean --cmd 'set rtp+=integrations/neovim' -c 'luafile tests/editors/neovim.lua'
-- with the server as NGINX_WSLINT and a folder for the files as FOLDER.

local folder, server, examples = vim.env.FOLDER, vim.env.NGINX_WSLINT, vim.env.EXAMPLES
local PATIENCE = 30000

local function check(holds, what)
  if not holds then
    error(what, 2)
  end
end

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local function copy(example, name)
  local path = folder .. '/' .. name
  local file = assert(io.open(path, 'wb'))
  file:write(read(examples .. '/' .. example))
  file:close()
  return path
end

local function found(count)
  local ok = vim.wait(PATIENCE, function()
    return #vim.diagnostic.get(0) == count
  end, 20)
  check(ok, count .. ' diagnostics expected: ' .. vim.inspect(vim.diagnostic.get(0)))
  return vim.diagnostic.get(0)
end

local function has(text, part)
  check(text:find(part, 1, true), 'no `' .. part .. '` in:\n' .. text)
end

local function run()
  vim.cmd('filetype on')
  require('nginx_wslint').setup({ cmd = { server, 'server' } })

  -- All fixes at once.
  local path = copy('chat-app/broken.conf', 'nginx.conf')
  vim.cmd('silent edit ' .. path)
  check(vim.bo.filetype == 'nginx', 'file type: ' .. vim.bo.filetype)
  local all = found(2)
  local codes = { all[1].code, all[2].code }
  table.sort(codes)
  check(table.concat(codes, ' ') == 'missing-http-version missing-upgrade-header', vim.inspect(all))
  check(all[1].lnum == 18 and all[1].col == 12, 'place: ' .. vim.inspect(all[1]))
  check(all[1].source == 'nginx-wslint', 'source')
  vim.cmd('NginxWslintFixAll')
  found(0)
  vim.cmd('silent write')
  check(read(path) == read(examples .. '/chat-app/fixed.conf'), 'not mended:\n' .. read(path))

  -- One fix, chosen from the menu.
  path = copy('chat-app/broken.conf', 'one-nginx.conf')
  vim.cmd('silent edit ' .. path)
  found(2)
  vim.api.nvim_win_set_cursor(0, { 19, 14 })
  local offered = {}
  vim.ui.select = function(items, opts, choose)
    for index, item in ipairs(items) do
      local title = opts.format_item and opts.format_item(item) or tostring(item)
      table.insert(offered, title)
      if title:find('proxy_http_version', 1, true) then
        return choose(item, index)
      end
    end
  end
  vim.lsp.buf.code_action()
  found(1)
  vim.cmd('silent write')
  has(read(path), '            proxy_http_version 1.1;\n')

  -- What is said of a place, and where a name leads.
  local function ask(method, line, column)
    local params = {
      textDocument = { uri = vim.uri_from_bufnr(0) },
      position = { line = line, character = column },
    }
    local answers = vim.lsp.buf_request_sync(0, method, params, PATIENCE)
    local _, answer = next(answers or {})
    return answer and answer.result
  end
  has(ask('textDocument/hover', 18, 12).contents.value, '/ws -> http://chat')
  check(ask('textDocument/definition', 18, 32)[1].range.start.line == 3, 'definition')
  check(#ask('textDocument/documentSymbol', 0, 0) == 2, 'symbols')

  -- Fixed while it is written.
  require('nginx_wslint').setup({ cmd = { server, 'server' }, fix_on_save = true })
  path = copy('lost-headers/broken.conf', 'lost-nginx.conf')
  vim.cmd('silent edit ' .. path)
  check(vim.wait(PATIENCE, function()
    return #vim.diagnostic.get(0) > 0
  end, 20), 'nothing found in the lost headers')
  vim.cmd('silent write')
  check(read(path) == read(examples .. '/lost-headers/fixed.conf'), 'not mended on saving:\n' .. read(path))
end

local ok, failure = xpcall(run, debug.traceback)
if not ok then
  io.stderr:write(tostring(failure) .. '\n')
  vim.cmd('cquit 1')
end
io.stdout:write('neovim ' .. tostring(vim.version().major) .. '.' .. vim.version().minor .. ': mended\n')
vim.cmd('qall!')
