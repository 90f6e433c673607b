import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles.css'
import { ApiFault } from './api/fault.ts'
import { App } from './app.tsx'
import { basePath } from './router.tsx'
import { BrokenPage } from './shell/broken-page.tsx'
import { reloadIfServed } from './shell/missing-part.tsx'
import { keepTheme } from './shell/theme.ts'

// Written once as an absolute address: a relative one would follow the page's own address about.
document.querySelector('base')?.setAttribute('href', basePath)
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content
if (nonce) setNonce(nonce)
keepTheme()

// The server runs another version than this page, and no longer has a part of it: the page is loaded anew, once. Not while
// nobody answers: then what is there stays.
window.addEventListener('vite:preloadError', () => {
  const [loaded] = performance.getEntriesByType('navigation')
  if (loaded instanceof PerformanceNavigationTiming && loaded.type === 'reload') return
  void reloadIfServed()
})

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What was refused is refused again.
      retry: (count, fault) =>
        count < 2 && !(fault instanceof ApiFault && fault.status >= 400 && fault.status < 500),
    },
  },
})

const root = document.getElementById('root')
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <BrokenPage>
        <QueryClientProvider client={client}>
          <App />
        </QueryClientProvider>
      </BrokenPage>
    </StrictMode>,
  )
