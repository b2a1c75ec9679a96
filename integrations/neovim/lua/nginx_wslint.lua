-- Starts `nginx-wslint server` for nginx files. Neovim 0.7 and later.

local M = {}

local FIX_ALL = 'source.fixAll.nginxWslint'

local options = {
  -- The program; further arguments of `nginx-wslint server` may follow.
  cmd = { 'nginx-wslint', 'server' },
  filetypes = { 'nginx' },
  root_markers = { 'nginx-wslint.toml', '.nginx-wslint.toml', 'nginx.conf', '.git' },
  -- Apply the safe fixes before a file is written.
  fix_on_save = false,
}

-- What Neovim has to know of the server.
function M.client()
  return {
    name = 'nginx_wslint',
    cmd = options.cmd,
    filetypes = options.filetypes,
    root_markers = options.root_markers,
  }
end

local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ':p:h')
  for _, marker in ipairs(options.root_markers) do
    local found = vim.fn.findfile(marker, vim.fn.escape(folder, ' ,;') .. ';')
    if found == '' then
      found = vim.fn.finddir(marker, vim.fn.escape(folder, ' ,;') .. ';')
    end
    if found ~= '' then
      return vim.fn.fnamemodify(found, ':p:h' .. (vim.fn.isdirectory(found) == 1 and ':h' or ''))
    end
  end
  return folder
end

-- Neovim before 0.11 has no `vim.lsp.enable`, and before 0.8 no `vim.lsp.start`.
local clients = {}
local function start(buffer)
  local client = M.client()
  client.root_dir = root_of(vim.api.nvim_buf_get_name(buffer))
  if vim.lsp.start then
    vim.lsp.start(client)
    return
  end
  local id = clients[client.root_dir]
  if not id or vim.lsp.client_is_stopped(id) then
    id = vim.lsp.start_client(client)
    clients[client.root_dir] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
end

-- Applies all safe fixes to a buffer and waits until that is done. Gives whether anything was changed.
function M.fix_all(buffer)
  buffer = (buffer == nil or buffer == 0) and vim.api.nvim_get_current_buf() or buffer
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    range = {
      start = { line = 0, character = 0 },
      ['end'] = { line = vim.api.nvim_buf_line_count(buffer), character = 0 },
    },
    context = { diagnostics = {}, only = { FIX_ALL } },
  }
  local answers = vim.lsp.buf_request_sync(buffer, 'textDocument/codeAction', params, 5000)
  for id, answer in pairs(answers or {}) do
    for _, action in ipairs(answer.result or {}) do
      if action.kind == FIX_ALL and action.edit then
        local client = vim.lsp.get_client_by_id(id)
        vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding or 'utf-16')
        return true
      end
    end
  end
  return false
end

function M.setup(given)
  options = vim.tbl_extend('force', options, given or {})
  local group = vim.api.nvim_create_augroup('nginx_wslint', { clear = true })
  if vim.lsp.enable then
    vim.lsp.config('nginx_wslint', M.client())
    vim.lsp.enable('nginx_wslint')
    -- While Neovim starts, this reaches no buffer that is open already.
    if vim.v.vim_did_enter == 0 then
      vim.api.nvim_create_autocmd('VimEnter', {
        group = group,
        once = true,
        callback = function()
          vim.lsp.enable('nginx_wslint')
        end,
      })
    end
  else
    vim.api.nvim_create_autocmd('FileType', {
      group = group,
      pattern = options.filetypes,
      callback = function(event)
        start(event.buf)
      end,
    })
    -- What was opened before, as by a plugin manager that loads late.
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(buffer) and vim.tbl_contains(options.filetypes, vim.bo[buffer].filetype) then
        start(buffer)
      end
    end
  end
  vim.api.nvim_create_autocmd('BufWritePre', {
    group = group,
    callback = function(event)
      if options.fix_on_save and vim.tbl_contains(options.filetypes, vim.bo[event.buf].filetype) then
        M.fix_all(event.buf)
      end
    end,
  })
  vim.api.nvim_create_user_command('NginxWslintFixAll', function()
    M.fix_all(0)
  end, { desc = 'Fix all WebSocket problems that can be fixed safely' })
end

return M
